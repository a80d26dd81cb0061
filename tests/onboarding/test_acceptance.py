"""Accepting the agreement leaves a proof; nothing less than a whole signing is accepted."""

import hashlib
import json
from typing import Any

import pytest
from django.db import ProgrammingError, transaction
from django.test import Client
from pytest_django import Settings

from audit.models import Entry
from dermalia.mail import StaffMailKind
from dermalia.sealing.keys import unlock_secrets
from dermalia.tenancy import practice_scope
from onboarding.domain import document
from onboarding.domain.acceptance import NotAcceptable, accept, accepted, newer_waits
from onboarding.models import Acceptance
from practices.models import Practice, User
from reports.mail.message import Message
from reports.mail.models import StaffMail
from tests.onboarding.conftest import accept_all, name_the_parties, signing

pytestmark = [pytest.mark.joining, pytest.mark.usefixtures("scope")]
URL = "/en/agreement/"


@pytest.mark.usefixtures("quick_documents")
def test_an_acceptance_says_who_accepted_what_and_how(staff_user: User) -> None:
    row = accept_all(staff_user)
    row.refresh_from_db()
    assert (row.signer_name, row.signer_role) == ("Testperson Ä", "Inhaberin")
    assert (row.factor, row.network) == ("passkey", "192.0.2.0/24")
    assert row.particulars["legal_form"] == "GmbH"
    assert bytes(row.document_digest) == hashlib.sha256(bytes(row.document)).digest()
    entry = Entry.objects.get(action="agreement.accepted")
    assert (entry.object_id, entry.actor_id) == (row.pk, staff_user.pk)


@pytest.mark.usefixtures("quick_documents")
@pytest.mark.parametrize(
    "lacking",
    [
        {"authorised": False},
        {"secrecy": False},
        {"digests": frozenset()},
        {"digests": frozenset({"00" * 32})},
        {"factor": ""},
    ],
)
def test_a_signing_that_lacks_something_is_refused(
    staff_user: User, lacking: dict[str, Any]
) -> None:
    name_the_parties(staff_user)
    with pytest.raises(NotAcceptable):
        accept(signing(staff_user, **lacking))
    assert not Acceptance.objects.exists()


def test_nobody_signs_before_it_is_said_who_may(staff_user: User) -> None:
    with pytest.raises(NotAcceptable):
        accept(signing(staff_user))


@pytest.mark.usefixtures("quick_documents")
def test_an_acceptance_cannot_be_changed_or_deleted(staff_user: User) -> None:
    row = accept_all(staff_user)
    for change in (
        lambda: Acceptance.objects.filter(pk=row.pk).update(signer_name="x"),
        lambda: Acceptance.objects.filter(pk=row.pk).delete(),
    ):
        with pytest.raises(ProgrammingError), transaction.atomic():
            change()


def test_the_copy_is_a_pdf_with_the_record_in_it_and_the_same_each_time(staff_user: User) -> None:
    row = accept_all(staff_user)
    row = Acceptance.objects.select_related("agreement", "measures", "processors").get(pk=row.pk)
    source = document.source_of(row)
    told = json.loads(source.attachment.data)
    assert told["signer"]["name"] == "Testperson Ä"
    assert [text["kind"] for text in told["texts"]] == ["agreement", "measures", "processors"]
    for text in told["texts"]:
        assert text["sha256"] in source.html
    assert bytes(row.document) == document.typeset_acceptance(row)


@pytest.mark.usefixtures("quick_documents")
def test_a_newer_version_waits_while_the_older_one_holds(
    staff_user: User, settings: Settings, owner: Client
) -> None:
    held = accept_all(staff_user)
    assert not newer_waits()
    settings.OPERATOR = {**settings.OPERATOR, "city": "20000 Musterstadt"}
    assert newer_waits()
    still = accepted()
    assert still is not None
    assert still.pk == held.pk
    assert "There is a new version of the agreement" in owner.get("/en/scans/").content.decode()
    accept(signing(staff_user))
    assert not newer_waits()
    assert "There is a new version" not in owner.get("/en/scans/").content.decode()
    assert Acceptance.objects.count() == 2


@pytest.mark.usefixtures("quick_documents")
def test_the_page_accepts_only_what_was_opened(owner: Client, staff_user: User) -> None:
    name_the_parties(staff_user)
    ticks = {"authorised": "on", "secrecy": "on"}
    assert owner.post(URL, ticks).status_code == 422
    for kind in ("agreement", "measures", "processors"):
        assert owner.get(f"{URL}{kind}/").status_code == 200
    assert owner.post(URL, {"authorised": "on"}).status_code == 422
    assert not Acceptance.objects.exists()
    assert owner.post(URL, ticks).status_code == 302
    row = Acceptance.objects.get()
    assert row.agreement.language == "en"
    answer = owner.get(f"{URL}{row.pk}/pdf")
    assert answer["Content-Type"] == "application/pdf"
    assert answer.content == bytes(row.document)


@pytest.mark.usefixtures("quick_documents")
def test_whoever_signed_gets_the_document_itself_by_mail(staff_user: User) -> None:
    row = accept_all(staff_user)
    mail = StaffMail.objects.get(kind=StaffMailKind.ACCEPTED)
    assert mail.message is not None
    queued = Message.load(mail.message.open(unlock_secrets()))
    assert queued.attached is not None
    assert queued.attached.data == bytes(row.document)
    assert queued.recipient == staff_user.email
    assert row.agreement.version in queued.text


def test_nothing_is_ticked_beforehand(owner: Client) -> None:
    assert " checked" not in owner.get(URL).content.decode()


@pytest.mark.usefixtures("quick_documents")
def test_another_practice_has_no_part_in_it(
    staff_user: User, other_practice: Practice, client: Client
) -> None:
    row = accept_all(staff_user)
    stranger = User.objects.create(
        email="other@example.org", practice=other_practice, role=User.Role.OWNER
    )
    client.force_login(stranger)
    assert client.get(f"{URL}{row.pk}/pdf").status_code == 404
    with practice_scope(other_practice.pk):
        assert accepted() is None


def test_an_unknown_text_is_not_found(owner: Client) -> None:
    assert owner.get(f"{URL}secret/").status_code == 404
