"""A browser of the set-up pages without a screen: cookies, forms as they stand, and headers as browsers send them."""

from typing import Any

from flask import Flask
from lxml import html
from werkzeug.test import TestResponse

HOST = "192.168.7.2:8099"
PAGE = f"http://{HOST}"
PEER = "192.168.7.31"


class Browser:
    """One browser. `page` is the last answer; `form` fills in the page's first form and sends it."""

    def __init__(self, app: Flask, peer: str = PEER) -> None:
        self.client = app.test_client()
        self.client.environ_base["REMOTE_ADDR"] = peer
        self.page: TestResponse

    def get(self, path: str = "/setup/", **headers: str) -> "Browser":
        """Go to an address; follow redirects."""
        self.page = self.client.get(path, headers=self._headers(headers), **self._how)
        return self

    def post(self, path: str, fields: dict[str, str], origin: str | None = PAGE, **headers: str) -> "Browser":
        """Send a form; follow redirects."""
        given = self._headers(headers) | ({"Origin": origin} if origin else {})
        self.page = self.client.post(path, data=fields, headers=given, **self._how)
        return self

    def form(self, do: str = "", which: str = "//main//form", **fields: Any) -> "Browser":
        """Fill in a form of the page and send it by the button `do`; None unticks, or leaves out."""
        found = self.tree.xpath(which)[0]
        values = {name: str(value) for name, value in found.form_values()}
        for name, value in fields.items():
            key = name.replace("_", "-") if name.startswith(("want", "name", "off", "door", "alarm", "mqtt")) else name
            values.pop(key, None)
            if value is not None:
                values[key] = str(value)
        if do:
            values["do"] = do
        return self.post(found.get("action"), values)

    @property
    def tree(self) -> Any:
        """The page as a tree."""
        return html.fromstring(self.page.get_data(as_text=True))

    @property
    def text(self) -> str:
        """The words of the page."""
        return " ".join(self.tree.text_content().split())

    @property
    def at(self) -> str:
        """The path of the page."""
        return self.page.request.path

    @property
    def cookie(self) -> str:
        """The cookie of the session; empty if there is none."""
        found = self.client.get_cookie("setup", domain=HOST.partition(":")[0], path="/setup/")
        return found.value if found else ""

    @property
    def _how(self) -> dict[str, Any]:
        return {"base_url": PAGE, "follow_redirects": True}

    @staticmethod
    def _headers(more: dict[str, str]) -> dict[str, str]:
        return {name.replace("_", "-"): value for name, value in more.items()}
