"""Known secrets are struck out of a cloud's words, in any spelling, and nothing else is."""

import base64
import html
import json
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.clouds.strike import MOST, PIECE, STRUCK, Secrets
from tests.clouds.owa.tokens import jwt

pytestmark = pytest.mark.sampled

PASSWORD = "Contraseña/42&\"'<ñ"
OPAQUE = "def50200a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f607"
SPELLINGS: dict[str, Callable[[str], str]] = {
    "as it is": lambda text: text,
    "upper case": str.upper,
    "lower case": str.lower,
    "JSON": lambda text: json.dumps(text)[1:-1],
    "JSON with its letters": lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
    "JSON of PHP": lambda text: json.dumps(text)[1:-1].replace("/", "\\/"),
    "JSON in JSON": lambda text: json.dumps(json.dumps(text)[1:-1])[1:-1],
    "XML": html.escape,
    "XML with &apos;": lambda text: html.escape(text).replace("&#x27;", "&apos;"),
    "XML without quotes": lambda text: html.escape(text, quote=False),
    "XML in ASCII": lambda text: html.escape(text).encode("ascii", "xmlcharrefreplace").decode(),
    "URL": lambda text: quote(text, safe=""),
    "URL with slashes": quote,
    "form": quote_plus,
    "URL in a URL": lambda text: quote(quote(text, safe=""), safe=""),
    "URL in small letters": lambda text: quote(text, safe="").lower(),
    "URL in JSON": lambda text: json.dumps(quote_plus(text))[1:-1],
    "repr": lambda text: repr(text)[1:-1],
    "UTF-8 as Latin-1": lambda text: text.encode().decode("latin-1"),
    "base64": lambda text: base64.b64encode(text.encode()).decode().rstrip("="),
    "base64 of URLs": lambda text: base64.urlsafe_b64encode(text.encode()).decode().rstrip("="),
    "hexadecimal": lambda text: text.encode().hex(),
}


@pytest.mark.parametrize("spell", SPELLINGS.values(), ids=SPELLINGS)
@pytest.mark.parametrize("secret", [PASSWORD, "S3creto-Muy-Largo", "a b c d e+f", "back\\slash\n1", OPAQUE, jwt(iat=0)])
def test_a_secret_goes_in_any_spelling(secret: str, spell: Callable[[str], str]) -> None:
    written = spell(secret)
    assert Secrets(secret).strike(f"before {written} after") == f"before {STRUCK} after"
    assert Secrets(secret).strike(f"x{written}y").replace(STRUCK, "") in ("xy", "x", "y", "")


@pytest.mark.parametrize("user", ["", "u:", "me:", "user:"])
def test_a_secret_goes_from_within_base64(user: str) -> None:
    said = base64.b64encode(f"{user}S3creto-Muy-Largo:x".encode()).decode()
    struck = Secrets("S3creto-Muy-Largo").strike(said)
    assert STRUCK in struck
    assert len(struck) < 16


@pytest.mark.parametrize("at", [0, 7, 20])
@pytest.mark.parametrize("token", [OPAQUE, jwt(iat=0, exp=900, sub="x" * 50)])
def test_a_piece_of_a_token_goes(token: str, at: int) -> None:
    piece = token[at : at + 20]
    assert Secrets(token).strike(f'found "{piece}..." there') == f'found "{STRUCK}..." there'
    assert Secrets(token).strike(f"{piece} and {piece}") == f"{STRUCK} and {STRUCK}"
    # Lower letters of this one are two.
    assert Secrets(token).strike(f"İ {piece}") == f"İ {STRUCK}"


def test_what_is_no_secret_stays() -> None:
    secrets = Secrets(PASSWORD, OPAQUE, "1234", "abc")
    for text in (
        "",
        "alarm-manager.error_no_response_to_request",
        "Invalid session. Please, try again later.",
        "installation 91234567, ERR 12345, at 20261234567",
        "abcdef, xabc, abc. The abc of alarms",
        OPAQUE[: PIECE - 1],
    ):
        assert secrets.strike(text) == text


@pytest.mark.parametrize(
    ("secret", "text", "struck"),
    [
        ("1234", "token 1234 is wrong, 12345 is not", f"token {STRUCK} is wrong, 12345 is not"),
        ("1234", "code1234", f"code{STRUCK}"),
        ("123456", "got 123456; installation 7123456", f"got {STRUCK}; installation 7123456"),
        ("demo", "the demo, DEMO and democracy", f"the {STRUCK}, {STRUCK} and democracy"),
        ("on", 'no one is on: got "on", pwd=on&x', f'no one is on: got "{STRUCK}", pwd={STRUCK}&x'),
        ("12345678901", "hash912345678901", f"hash9{STRUCK}"),
    ],
)
def test_a_short_secret_goes_and_leaves_the_text_readable(secret: str, text: str, struck: str) -> None:
    assert Secrets(secret).strike(text) == struck


@pytest.mark.parametrize("secrets", [("verisure", "verisure2024"), ("verisure2024", "verisure")])
def test_a_secret_that_begins_like_another_leaves_no_rest(secrets: tuple[str, ...]) -> None:
    assert Secrets(*secrets).strike("verisure2024 verisure") == f"{STRUCK} {STRUCK}"


def test_secrets_are_remembered_as_they_come_and_the_oldest_make_way() -> None:
    secrets = Secrets(PASSWORD)
    ids = [f"AND_user_{number:04}" for number in range(MOST + 1)]
    for one in ids:
        secrets.add(one, "", "AND_user_0001")
    struck = [secrets.strike(one) == STRUCK for one in ids]
    assert struck == [False, *[True] * MOST]
    assert secrets.strike(PASSWORD) == STRUCK


def test_half_a_character_is_no_reason_to_fail() -> None:
    assert Secrets("pass\udce9word").strike("x pass\udce9word y") == f"x {STRUCK} y"
    assert Secrets("secret-word").strike("İ secret-word \ud800") == f"İ {STRUCK} \ud800"


@given(st.text(min_size=6), st.text(), st.text())
def test_a_secret_is_never_left(secret: str, before: str, after: str) -> None:
    if secret.isdigit() or secret.strip() != secret:
        return
    struck = Secrets(secret).strike(f"{before}{secret}{after}")
    assert secret.lower() not in struck.lower() or secret.lower() in STRUCK
