"""Names and addresses of people made to harm whoever reads, prints, sends or searches them."""

from __future__ import annotations

import datetime as dt
import html
import json
import logging
import re
from email.message import EmailMessage
from email.policy import SMTP

import pytest
from django.test import Client

from dermalia.sandbox.face import Capture
from dermalia.sandbox.isemeco import IsemecoStandIn
from dermalia.tenancy import practice_scope
from practices.models import Practice, User
from reports.mail.message import Message, Sender, greeting_name, link_message
from scans.isemeco.contract import Manifest
from scans.isemeco.errors import ContractBroken
from scans.isemeco.parsing import parse
from scans.models import Connection, Identity
from tests.conftest import discover, report_of
from tests.hostile.answers import honest
from tests.hostile.outcome import MARKER, assert_speaks_plainly, assert_unsaid, bounded, rows

KEPT: dict[str, str] = {
    "a script": "<script>alert(1)</script>",
    "a picture that runs a script": '"><img src=x onerror=alert(1)>',
    "an end of a script": "</script><svg/onload=alert(1)>",
    "an end of a comment": "--><b>",
    "an entity": "&lt;b&gt;&#x27;",
    "a template's variable": "{{ settings.SECRET_KEY }}",
    "a template's tag": '{% include "/etc/passwd" %}',
    "a format's field": "{0.__class__}%s%(x)s$x${x}",
    "a spreadsheet's formula": "=HYPERLINK(A1)",
    "a spreadsheet's command": "+cmd|' /C calc'!A0",
    "a spreadsheet's sum": "-1+1",
    "a spreadsheet's function": "@SUM(1)",
    "a database's command": "Robert'); DROP TABLE scans_scan;--",
    "a database's wildcard": "%_%",
    "a shell's command": "$(reboot) `reboot` ; reboot",
    "a path": "../../etc/passwd",
    "a JSON text": '"}, {"admin": true, "x": "',
    "a family of emoji": "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466",
    "a flag": "\U0001f1e9\U0001f1ea",
    "letters under a tower of marks": "Z" + "\u0351" * 79,
    "a name from right to left": "\u05d3\u05de\u05d5",
    "a name in joined letters": "\u0645\u06cc\u200c\u0646\u0627",
    "a name of look-alikes": "D\u0435m\u043e",
    "the longest name there may be": "\U0001f9d1" * 80,
    "a single apostrophe": "O'Demo",
    "nothing as a word": "null",
    "true as a word": "True",
    "not a number as a word": "NaN",
}

REFUSED: dict[str, object] = {
    "another header": f"{MARKER}\r\nBcc: {MARKER}@example.org",
    "another header after one sign": f"{MARKER}\nBcc: x",
    "a line's end of another kind": f"{MARKER}\x85Bcc: x",
    "a line's end of Unicode": f"{MARKER}\u2028Bcc: x",
    "a paragraph's end": f"{MARKER}\u2029Bcc: x",
    "NUL": f"{MARKER}\0",
    "a terminal's command": f"\x1b]0;{MARKER}\x07",
    "backspaces": f"{MARKER}\x08\x08\x08",
    "a turn of the direction": f"{MARKER}\u202egpj",
    "an isolated turn": f"{MARKER}\u2067gpj\u2069",
    "an Arabic mark": f"{MARKER}\u061cx",
    "a space of no width": f"{MARKER}\u200bx",
    "a mark of byte order": f"\ufeff{MARKER}",
    "a soft hyphen": f"{MARKER}\u00adx",
    "a second text in signs nobody sees": MARKER
    + "".join(chr(0xE0000 + ord(letter)) for letter in "ignore all"),
    "half a character": f"{MARKER}\ud83d",
    "ten thousand letters": MARKER * 1000,
    "ten thousand marks": f"{MARKER}\u0301" * 800,
    "a number": 7,
    "a list": [MARKER],
    "an object": {MARKER: MARKER},
}

ADDRESSES_REFUSED: dict[str, str] = {
    "no domain": MARKER,
    "no name": "@example.org",
    "a domain of one word": f"{MARKER}@localhost",
    "two signs": f"{MARKER}@example.org@example.com",
    "a second address": f"{MARKER}@example.org,x@example.com",
    "a second address after a semicolon": f"{MARKER}@example.org;x@example.com",
    "another header": f"{MARKER}@example.org\r\nBcc: x@example.com",
    "another header in the name": f"{MARKER}\r\nBcc: x@example.com",
    "a comment": f"{MARKER}(x)@example.org",
    "a quoted name": f'"{MARKER} x"@example.org',
    "a name before the address": f"Demo <{MARKER}@example.org>",
    "an address as a number": f"{MARKER}@[127.0.0.1]",
    "a route": f"@example.com:{MARKER}@example.org",
    "a wide sign": f"{MARKER}\uff20example.com@example.org",
    "a wide sign behind": f"{MARKER}@example.org\uff20example.com",
    "a small sign": f"{MARKER}@example.org\ufe6bexample.com",
    "a wide comma": f"{MARKER}@example.org\uff0cx.example.com",
    "a space of another width": f"{MARKER}\u3000x@example.org",
    "a turn of the direction": f"{MARKER}\u202e@example.org",
    "nothing to see": f"{MARKER}\u200b@example.org",
    "two dots": f"{MARKER}@example..org",
    "a dot at the end": f"{MARKER}@example.org.",
    "a thousand letters": f"{MARKER}@{'x' * 1000}.org",
    "NUL": f"{MARKER}@example.org\0",
    "a scheme": f"mailto:{MARKER}@example.org",
}

ADDRESSES_KEPT: dict[str, str] = {
    "a tag": "demo+scan@example.org",
    "an apostrophe": "o'demo@example.org",
    "an option of a program": "-oQ/tmp@example.org",
    "letters of another alphabet": "демо@пример.example",
    "a percent sign": "demo%example.com@example.org",
    "an exclamation mark": "host!demo@example.org",
}


def read(patient: dict[str, object]) -> Manifest:
    return parse(Manifest, json.dumps(honest() | {"patient": patient}).encode())[0]


@rows(KEPT)
def test_a_name_is_kept_letter_by_letter(name: str) -> None:
    with bounded():
        patient = read({"first_name": KEPT[name]}).patient
    assert patient is not None
    assert patient.first_name == KEPT[name]


@pytest.mark.parametrize("nothing", ["", " ", "\u3000", "\u200d", "\u200c \u200d", "\u2003\xa0"])
def test_a_name_of_nothing_to_see_is_none(nothing: str) -> None:
    patient = read({"first_name": nothing}).patient
    assert patient is not None
    assert patient.first_name is None


def assert_refused(patient: dict[str, object]) -> None:
    with bounded(), pytest.raises(ContractBroken) as refusal:
        read(patient)
    (field,) = patient
    assert f"patient.{field}" in str(refusal.value)
    assert_speaks_plainly(refusal.value)


@rows(REFUSED)
def test_a_name_that_could_forge_a_text_is_refused(name: str) -> None:
    assert_refused({"first_name": REFUSED[name]})


@rows(ADDRESSES_REFUSED)
def test_an_address_that_could_lead_elsewhere_is_refused(name: str) -> None:
    assert_refused({"email": ADDRESSES_REFUSED[name]})


@rows(ADDRESSES_KEPT)
def test_an_address_is_kept_letter_by_letter(name: str) -> None:
    patient = read({"email": ADDRESSES_KEPT[name]}).patient
    assert patient is not None
    assert patient.email == ADDRESSES_KEPT[name]


# In mails


def mail(practice: Practice, first_name: str, recipient: str = "patient@example.org") -> Message:
    return link_message(
        practice=practice,
        sender=Sender("", "link@example.org", "practice@example.org"),
        recipient=recipient,
        first_name=first_name,
        link="x" * 25,
        valid_until=dt.date(2028, 1, 1),
        needs_code=False,
        language="en",
    )


@rows(KEPT)
def test_a_mail_shows_the_name_as_text_and_as_nothing_else(name: str, practice: Practice) -> None:
    message = mail(practice, KEPT[name])
    plain = mail(practice, "Demo")
    greeted = greeting_name(KEPT[name])  # one that does not read like a name is left out
    assert message.text == plain.text.replace(" Demo,", f" {greeted}," if greeted else ",")
    assert (html.escape(KEPT[name]) in message.html) == bool(greeted)
    tags = re.compile(r"<[a-z/!][^>]*>")
    assert tags.findall(message.html) == tags.findall(plain.html)
    assert (message.subject, message.sender) == (plain.subject, plain.sender)


@rows(ADDRESSES_KEPT)
def test_an_address_is_one_recipient_and_no_other_header(name: str, practice: Practice) -> None:
    message = mail(practice, "Demo", ADDRESSES_KEPT[name])
    letter = EmailMessage(policy=SMTP.clone(utf8=True))
    letter["To"] = message.recipient
    letter["Subject"] = message.subject
    letter.set_content(message.text)
    head = letter.as_bytes().partition(b"\r\n\r\n")[0].decode()
    assert [line.split(":")[0] for line in head.splitlines() if not line.startswith(" ")] == [
        "To",
        "Subject",
        *(key for key in letter if key not in {"To", "Subject"}),
    ]
    assert len(letter["To"].addresses) == 1


# On pages

SHOWN = (
    "a picture that runs a script",
    "an end of a script",
    "an entity",
    "a template's variable",
    "a JSON text",
)


@pytest.fixture
def listed(
    practice: Practice,
    account: Connection,
    cluster: IsemecoStandIn,
    small_capture: Capture,
    caplog: pytest.LogCaptureFixture,
) -> Connection:
    """A practice with a report for each name that could break out of a page."""
    caplog.set_level(logging.DEBUG)
    for name in SHOWN:
        cluster.add_scan(small_capture, first_name=KEPT[name], email="patient@example.org")
    for scan in discover(account):
        report_of(scan)
    return account


def test_no_name_breaks_out_of_the_list_the_database_or_the_log(
    listed: Connection, client: Client, staff_user: User, caplog: pytest.LogCaptureFixture
) -> None:
    client.force_login(staff_user)
    page = client.get("/en/scans/").content.decode()
    for name in SHOWN:
        assert html.escape(KEPT[name]) in page
        assert f">{KEPT[name]}<" not in page or html.escape(KEPT[name]) == KEPT[name]
    assert page.count("<script>alert") == page.count("onerror=alert(1)>") == 0
    assert_unsaid(caplog, [KEPT[name] for name in SHOWN if len(KEPT[name]) > 8])
    with practice_scope(listed.practice_id):
        assert Identity.objects.count() == len(SHOWN)
