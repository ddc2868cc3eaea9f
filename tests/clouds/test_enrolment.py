"""Codes as people type them."""

import pytest

from emulator.clouds.enrolment import code_of


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("123456", "123456"),
        (" 123 456\n", "123456"),
        ("123\u00a0456", "123456"),
        ("123-456", "123456"),
        ("123\u2013456", "123456"),
        ("\u200e123456\u200b", "123456"),
        ("\uff11\uff12\uff13456", "123456"),
        ("A1b2", "A1b2"),
        ("", ""),
        (" - ", ""),
        ("123456?", ""),
        ("12345\u00e9", ""),
    ],
)
def test_a_code_has_letters_and_digits_alone(typed: str, code: str) -> None:
    assert code_of(typed) == code
