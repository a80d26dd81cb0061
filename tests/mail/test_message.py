"""Headers are one line, names are names, and nothing of it reaches a mail's structure."""

import re
from dataclasses import asdict, replace
from datetime import date
from email.utils import parseaddr
from html import unescape
from typing import Any

import pytest
from django.conf import settings
from django.utils.translation import override

from practices.models import Practice
from reports.mail.message import (
    Attached,
    HeaderRefused,
    Message,
    Sender,
    greeting_name,
    link_message,
    sender_name,
)

PLAIN = Message(
    sender_name="Your practice",
    sender="link@example.org",
    reply_to="practice@example.org",
    recipient="patient@example.org",
    subject="Your personal link",
    text="Hello",
    html="<p>Hello</p>",
)
# What the mail must not tell whoever looks over a shoulder (R31).
TELLING = (
    *("skin", "haut", "scan", "report", "bericht", "result", "ergebnis", "befund", "value", "wert"),
    *("picture", "bild", "face", "gesicht", "3d", "health", "gesund", "derma", "arzt", "medi"),
)
LINES = ["a\nBcc: b@example.org", "a\r\nX: y", "a\rb", "a\x00b", "a\u2028b", "a\u202eb"]


@pytest.mark.parametrize("field", ["sender_name", "sender", "reply_to", "recipient", "subject"])
@pytest.mark.parametrize("text", LINES)
def test_a_header_of_more_than_one_line_is_refused(field: str, text: str) -> None:
    changed: Any = {field: text}
    with pytest.raises(HeaderRefused):
        replace(PLAIN, **changed)


@pytest.mark.parametrize("name", ['Practice "Demo"', "a <b@example.org>", "a, b", "a" * 61])
def test_a_sender_s_name_that_would_need_quoting_is_refused(name: str) -> None:
    with pytest.raises(HeaderRefused):
        replace(PLAIN, sender_name=name)


@pytest.mark.parametrize("name", [*LINES, "", "Praxis Ä", 'a "b" <c@d.example>', "x" * 5000])
def test_any_text_becomes_a_sender_s_name_that_is_one(name: str) -> None:
    made = replace(PLAIN, sender_name=sender_name(name))
    assert parseaddr(made.sender_header)[1] == "link@example.org"
    assert made.encoded_sender_header.isascii()


def test_a_mail_read_back_is_the_same_to_the_letter() -> None:
    odd = replace(PLAIN, text="Ä 😀\n", html="<p>&amp;</p>")
    assert asdict(Message.load(odd.dump())) == asdict(odd)
    bringing = replace(odd, attached=Attached("a.pdf", "application/pdf", bytes(range(256))))
    assert Message.load(bringing.dump()) == bringing


@pytest.mark.parametrize("text", LINES)
def test_a_file_s_name_and_type_are_headers_too(text: str) -> None:
    for attached in (Attached(text, "application/pdf", b""), Attached("a.pdf", text, b"")):
        with pytest.raises(HeaderRefused):
            replace(PLAIN, attached=attached)


@pytest.mark.parametrize("name", ["Ada", "Jean-Luc", "Nguyễn Thị", "O'Brien", "Testperson Ä", "李"])
def test_a_name_is_greeted(name: str) -> None:
    assert greeting_name(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "www.example.org",
        "see https://example.org",
        "win.example",
        "a@b",
        "<b>x</b>",
        "x" * 41,
        "a\x07",
    ],
)
def test_what_a_mail_program_would_make_a_link_of_is_not_greeted(name: str) -> None:
    assert greeting_name(name) == ""


def made(language: str, **changes: object) -> Message:
    practice = Practice(name="Praxis am Markt", email="p@example.org", phone="+49 000 000")
    given: dict[str, object] = {
        "practice": practice,
        "sender": Sender("", "link@example.org", "p@example.org"),
        "recipient": "patient@example.org",
        "first_name": "Testperson Ä",
        "link": "A" * 25,
        "valid_until": date(2028, 1, 31),
        "needs_code": True,
        "language": language,
    }
    return link_message(**{**given, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize("language", ["de", "en"])
def test_text_and_html_say_the_same(language: str) -> None:
    mail = made(language)
    body = mail.html.partition("<body")[2].partition(">")[2]
    html = unescape(re.sub(r"<[^>]+>", " ", body)).split()
    text = mail.text.replace("-- \n", " ").split()
    assert [word.strip(",") for word in html if word != ","] == [word.strip(",") for word in text]


@pytest.mark.parametrize("language", ["de", "en"])
def test_a_mail_loads_nothing_and_names_no_health(language: str) -> None:
    mail = made(language)
    shown = f"{mail.sender_name} {mail.subject} {mail.text} {mail.html}".lower()
    for operator in map(str.lower, settings.OPERATOR.values()):
        shown = shown.replace(operator, "")  # who sends it has to be named
    assert [word for word in TELLING if word in shown] == []
    for sign in ("<img", "<link", "<script", "url(", "src=", "@import", "utm_"):
        assert sign not in shown
    assert shown.count("http") == 3  # in the text, and in the HTML as address and as words


@pytest.mark.parametrize(("language", "name"), [("de", "Ihre Praxis"), ("en", "Your practice")])
def test_unless_the_practice_chose_a_name_the_sender_is_neutral(language: str, name: str) -> None:
    assert made(language).sender_name == name
    chosen = made(language, sender=Sender("Praxis am Markt", "link@example.org", "p@example.org"))
    assert chosen.sender_name == "Praxis am Markt"


def test_a_huge_name_with_markup_does_no_harm() -> None:
    practice = Practice(name="<script>" * 15, email="p@example.org")
    mail = made("de", practice=practice, first_name="<b>" * 1000)
    assert "<script>" not in mail.html
    assert mail.text.startswith("Guten Tag,")


def test_the_language_of_a_mail_is_not_the_worker_s() -> None:
    with override("en"):
        assert made("de").subject == "Ihr persönlicher Link"
