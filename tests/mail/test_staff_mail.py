"""Mails to staff: queued with what they tell of, sealed until they leave, once per occasion."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import transaction
from django.utils import timezone

from dermalia.mail import AddressRefused, StaffMailKind, mail_state, queue_mail
from dermalia.sandbox.resend import ResendStandIn
from dermalia.tenancy import practice_scope
from practices.models import Practice
from reports.domain.staff_mail import forget_staff_mails
from reports.mail.models import Fate, StaffMail
from reports.mail.staff import SUBJECTS
from tests.conftest import superuser_connection
from tests.mail.conftest import RECIPIENT, URL, fresh, queued, worked_off

DAY = timezone.localdate()
CONTEXTS: dict[StaffMailKind, dict[str, object]] = {
    StaffMailKind.INVITATION: {"url": URL, "valid_until": timezone.now()},
    StaffMailKind.ATTENTION: {"url": URL, "number": 3},
    StaffMailKind.BOUNCE: {"url": URL},
    StaffMailKind.AGREEMENT: {"url": URL, "version": "2.1"},
    StaffMailKind.ACCEPTED: {
        "url": URL,
        "version": "2.1",
        "signer": "Testperson Ä",
        "at": timezone.now(),
        "document": b"%PDF-1.7",
    },
    StaffMailKind.SUBPROCESSOR: {
        "url": URL,
        "service": "Demo service",
        "country": "DE",
        "purpose": "Carries demo data",
        "basis": "none needed",
        "valid_from": DAY,
        "object_by": DAY,
    },
    StaffMailKind.OBJECTION: {
        "id": uuid4(),
        "url": URL,
        "service": "Demo service",
        "valid_from": DAY,
        "withdrawn": False,
        "reason": "Demo",
        "number": 1,
    },
    StaffMailKind.OBJECTED: {
        "id": uuid4(),
        "url": URL,
        "service": "Demo service",
        "valid_from": DAY,
        "withdrawn": True,
        "reason": "",
        "number": 1,
    },
    StaffMailKind.CONTRACT_END: {
        "url": URL,
        "ends_on": DAY,
        "days": 7,
        "todo": ["Demo"],
        "service": False,
        "waits": False,
    },
    StaffMailKind.ACCESS: {"url": URL, "minutes": 60},
    StaffMailKind.INCIDENT: {
        "url": URL,
        "reference": "2026-1",
        "noticed_at": timezone.now(),
        "reports": 2,
    },
}


def test_every_kind_has_its_texts() -> None:
    assert set(CONTEXTS) == set(StaffMailKind) == set(SUBJECTS)


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize("kind", list(StaffMailKind))
def test_a_mail_of_every_kind_carries_its_link_and_who_sends_it(
    practice: Practice, mailbox: ResendStandIn, kind: StaffMailKind, language: str
) -> None:
    with practice_scope(practice.pk):
        mail_id = queue_mail(
            kind=kind, recipient=RECIPIENT, language=language, context=CONTEXTS[kind]
        )
        row = StaffMail.objects.get(pk=mail_id)
    worked_off(row)
    (mail,) = mailbox.mails
    assert mail.to == (RECIPIENT,)
    assert URL in (mail.text or "")
    assert f'href="{URL}"' in (mail.html or "")
    assert f'lang="{language}"' in (mail.html or "")
    assert "None" not in f"{mail.text}{mail.html}"
    assert (mail.text or "").startswith("Guten Tag," if language == "de" else "Hello,")


def test_a_copy_of_the_agreement_comes_with_the_document_and_leaves_nothing_behind(
    practice: Practice, mailbox: ResendStandIn
) -> None:
    with practice_scope(practice.pk):
        mail_id = queue_mail(
            kind=StaffMailKind.ACCEPTED,
            recipient=RECIPIENT,
            language="de",
            context=CONTEXTS[StaffMailKind.ACCEPTED],
        )
        row = StaffMail.objects.get(pk=mail_id)
    worked_off(row)
    (mail,) = mailbox.mails
    assert mail.attachments == ("dermalia-agreement.pdf",)
    assert fresh(row).message is None


def test_the_row_holds_neither_recipient_nor_secret_in_clear(mail: StaffMail) -> None:
    assert mail.message is not None
    stored = b"".join(str(value).encode() for value in vars(mail).values())
    stored += bytes(mail.message.data)
    for secret in (RECIPIENT, "secret", URL):
        assert secret.encode() not in stored


def test_a_mail_queued_in_a_transaction_that_fails_was_never_queued(practice: Practice) -> None:
    with practice_scope(practice.pk):
        with transaction.atomic():
            queued(practice)
            transaction.set_rollback(True)
        assert StaffMail.objects.count() == 0


def test_one_occasion_is_one_mail(practice: Practice, other_practice: Practice) -> None:
    first = queued(practice, once="invitation/1")
    assert queued(practice, once="invitation/1").pk == first.pk
    assert queued(practice, once="invitation/2").pk != first.pk
    assert queued(other_practice, once="invitation/1").pk != first.pk
    assert queued(practice).pk != queued(practice).pk


def test_an_address_that_cannot_be_written_to_is_refused_at_once(practice: Practice) -> None:
    with practice_scope(practice.pk), pytest.raises(AddressRefused):
        queue_mail(
            kind=StaffMailKind.BOUNCE,
            recipient="a@example.org\nBcc: b@example.org",
            language="de",
            context={"url": URL},
        )


def test_whoever_queued_a_mail_can_ask_what_became_of_it(
    mail: StaffMail, mailbox: ResendStandIn, other_practice: Practice
) -> None:
    with practice_scope(mail.practice_id):
        assert mail_state(mail.pk) == "queued"
    worked_off(mail)
    with practice_scope(mail.practice_id):
        assert mail_state(mail.pk) == "sent"
    with practice_scope(other_practice.pk):
        assert mail_state(mail.pk) is None


def test_old_mails_are_forgotten(practice: Practice, mailbox: ResendStandIn) -> None:
    old, waiting, young = (queued(practice) for _ in range(3))
    worked_off(old)
    worked_off(young)
    with practice_scope(practice.pk):
        before = timezone.now() - timedelta(days=91)
        StaffMail.objects.filter(pk__in=[old.pk, waiting.pk]).update(created_at=before)
        assert forget_staff_mails() == 1
        assert set(StaffMail.objects.values_list("pk", flat=True)) == {waiting.pk, young.pk}


def test_a_fate_is_one_of_nine(mail: StaffMail) -> None:
    with superuser_connection() as server:
        constraint = server.execute(
            "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'staff_mail_state'"
        ).fetchone()
    assert constraint is not None
    assert all(fate.value in str(constraint[0]) for fate in Fate)
    assert fresh(mail).state in Fate
