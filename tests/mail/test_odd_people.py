"""Odd addresses and names go the whole way: the mail arrives, or the row says why it did not."""

from email.utils import parseaddr

import pytest

from dermalia.sandbox.resend import ResendStandIn
from dermalia.tenancy import practice_scope
from practices.models import Practice
from reports.domain.attention import troubles
from reports.mail.models import Fate, MailRoute
from tests.mail.conftest import link_mail, worked_off
from tests.mail.smtp_server import SmtpServer

ADDRESSES = {
    "Patient+2026@example.org": "Patient+2026@example.org",
    "info@müller.example": "info@xn--mller-kva.example",
    "info@straße.example": "info@xn--strae-oqa.example",
    " o'brien@example.org ": "o'brien@example.org",
    "a/b=c@example.org": "a/b=c@example.org",
}
NOT_WRITTEN_TO = [
    '"two words"@example.org',
    "müller@example.org",
    "one@example.org, two@example.org",
    "one@example.org\r\nBcc: two@example.org",
    "x" * 300 + "@example.org",
    "patient@localhost",
]
NAMES = [
    *("Testperson Ä", "李", "O'Demo", "<b>Demo</b>", "Demo\r\nBcc: two@example.org"),
    *("x" * 5000, "win.example.org", "\u202eDemo", "{{ practice }}", "%(practice)s"),
]
PRACTICES = [
    'Praxis "Demo" <info@example.org>, Straße',
    "Praxis\r\nBcc: two@example.org",
    "Ä" * 120,
    "{% load i18n %}",
]


@pytest.mark.parametrize(("typed", "written_to"), ADDRESSES.items())
def test_an_odd_address_is_written_to(
    practice: Practice, mailbox: ResendStandIn, typed: str, written_to: str
) -> None:
    assert worked_off(link_mail(practice, email=typed)).state == Fate.SENT
    assert mailbox.mails[0].to == (written_to,)


@pytest.mark.parametrize(("typed", "written_to"), ADDRESSES.items())
def test_by_smtp_too(practice: Practice, server: SmtpServer, typed: str, written_to: str) -> None:
    assert worked_off(link_mail(practice, email=typed)).state == Fate.SENT
    assert server.envelopes[0][1] == f"<{written_to}>"
    assert parseaddr(str(server.mails[0]["To"]))[1] == written_to


@pytest.mark.parametrize("typed", NOT_WRITTEN_TO)
def test_what_is_no_address_is_seen_and_nobody_is_written_to(
    practice: Practice, mailbox: ResendStandIn, typed: str
) -> None:
    mail = worked_off(link_mail(practice, email=typed))
    assert (mail.state, mailbox.mails) == (Fate.FAILED, ())
    with practice_scope(practice.pk):
        (trouble,) = troubles()
    assert trouble.reason
    assert typed not in trouble.reason


@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
def test_a_name_of_any_kind_changes_nothing_but_the_greeting(
    practice: Practice, server: SmtpServer, name: str
) -> None:
    assert worked_off(link_mail(practice, first_name=name)).state == Fate.SENT
    (mail,) = server.mails
    assert mail["Bcc"] is None
    assert server.envelopes == [("<link@dermalia.de>", "<patient@example.org>")]
    plain = mail.get_body(("plain",))
    html = mail.get_body(("html",))
    assert plain is not None
    assert html is not None
    greeting = plain.get_content().splitlines()[0]
    assert greeting.startswith(("Hallo ", "Guten Tag,"))
    assert len(greeting) < 60
    assert "<b>" not in html.get_content()


@pytest.mark.parametrize("name", PRACTICES, ids=range(len(PRACTICES)))
def test_a_practice_s_name_of_any_kind_stays_in_its_place(
    practice: Practice, server: SmtpServer, name: str
) -> None:
    Practice.objects.filter(pk=practice.pk).update(name=name)
    with practice_scope(practice.pk):
        MailRoute.objects.create(
            practice=practice, carrier="relay", sender_name=name[:60].split("\r", maxsplit=1)[0]
        )
    mail = link_mail(practice)
    assert worked_off(mail).state == Fate.SENT
    (got,) = server.mails
    assert got["Bcc"] is None
    assert parseaddr(str(got["From"]))[1] == "link@dermalia.de"
    assert len(list(got.walk())) == 3
