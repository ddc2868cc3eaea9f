"""A page speaks its reader's language, and says hostile names as text."""

from flask import Flask, render_template_string

from emulator.words import speech
from emulator.words.language import ENGLISH, language


def said(template: str, **values: object) -> str:
    app = Flask(__name__)
    speech.teach(app, ENGLISH)

    @app.get("/")
    def show() -> str:
        # Flask escapes in the text of a template, too.
        return render_template_string(template, **values)

    return app.test_client().get("/").text


def test_a_value_is_text() -> None:
    assert said('{{ say("arm {mode}", mode=mode) }}', mode="<b>") == "arm &lt;b&gt;"


def test_html_of_a_macro_stands_in_a_sentence_that_is_escaped() -> None:
    macro = "{% macro code(of) %}<code>{{ of }}</code>{% endmacro %}"
    sentence = macro + '{{ say("type {command} & {name}", command=code("<pin>"), name="<i>") }}'
    assert said(sentence) == "type <code>&lt;pin&gt;</code> &amp; &lt;i&gt;"


def test_numbers_choose_the_form() -> None:
    template = '{{ say_counted("{n} window", "{n} windows", n) }}'
    assert [said(template, n=n) for n in (1, 1234)] == ["1 window", "1,234 windows"]


def test_a_house_has_its_own_language() -> None:
    app = Flask(__name__)
    speech.teach(app, language("it"))
    app.add_url_rule("/", "show", lambda: render_template_string("{{ spoken_in().tag }}"))
    assert [app.test_client().get("/", headers={"Accept-Language": asked}).text for asked in ("de", "es")] == [
        "it",
        "es",
    ]
