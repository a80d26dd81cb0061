"""A practice that agreed, and then ended: what was signed stays, its signer is nobody's account."""

import json
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from audit.models import Entry
from closing.domain.certificate import as_json, as_source, certificate_of
from closing.domain.practice_rows import CLOSED_HOST
from closing.models import Everything
from dermalia.residency import register
from dermalia.residency.announced import NOTICE, Planned
from dermalia.residency.services import Service, TransferBasis
from dermalia.tenancy import practice_scope
from onboarding.domain.instructions import instruct
from onboarding.domain.objections import object_to
from onboarding.models import Acceptance, Instruction, Objection
from practices.models import Practice, Purpose, User
from tests.closing.conftest import ordered, worked_off
from tests.onboarding.conftest import accept_all

SIGNER, REASON = "Testperson Ä", "Demo reason"
DOCUMENT = b"%PDF-1.7\n% the copy that was handed out\n"


@pytest.fixture
def agreed(practice: Practice, staff_user: User, monkeypatch: pytest.MonkeyPatch) -> User:
    """An owner who has accepted, instructed and objected; a colleague has done nothing."""
    day = timezone.localdate() + timedelta(days=10)
    service = Service("demo", "Demo GmbH", "DE", "Demo", (), TransferBasis.NONE_NEEDED)
    plan = Planned(service, announced_on=day - NOTICE, valid_from=day)
    monkeypatch.setattr(register, "PLANNED", (plan,))
    monkeypatch.setattr("onboarding.domain.acceptance.typeset_acceptance", lambda _row: DOCUMENT)
    User.objects.create(email="colleague@example.org", practice=practice, role="staff")
    with practice_scope(practice.pk):
        accept_all(staff_user)
        instruct(purpose=Purpose.AESTHETIC, months=12, reason="Demo", user=staff_user)
        object_to("demo", reason=REASON, user=staff_user)
    return staff_user


def test_what_was_agreed_instructed_and_objected_stays_with_its_words(
    practice: Practice, agreed: User
) -> None:
    order = worked_off(ordered(practice, Everything.Kind.CONTRACT))
    with practice_scope(practice.pk):
        kept = Acceptance.objects.get()
        assert (kept.signer_name, bytes(kept.document)) == (SIGNER, DOCUMENT)
        assert kept.particulars["legal_form"] == "GmbH"
        assert Instruction.objects.get().user_id == agreed.pk
        assert Objection.objects.get().reason == REASON
        assert Entry.objects.filter(action="agreement.accepted", object_id=kept.pk).exists()
    assert order.rows["practices.User"] == 2


def test_of_who_signed_a_row_stays_that_names_nobody_and_opens_nothing(
    practice: Practice, agreed: User, client: Client
) -> None:
    client.force_login(agreed)
    worked_off(ordered(practice, Everything.Kind.CONTRACT))
    (left,) = User.objects.filter(practice=practice)
    assert left.pk == agreed.pk
    assert left.email == f"{left.handle}@{CLOSED_HOST}"
    assert (left.is_active, left.has_usable_password(), left.pledge) == (False, False, "")
    assert client.get("/en/scans/").headers["Location"].startswith("/en/sign-in/")


@pytest.mark.parametrize("language", ["de", "en"])
def test_the_certificate_says_that_agreements_are_kept_and_names_no_signer(
    practice: Practice, agreed: User, language: str
) -> None:
    order = worked_off(ordered(practice, Everything.Kind.CONTRACT))
    with practice_scope(practice.pk):
        certificate = certificate_of(order)
        told, html = as_json(certificate).decode(), as_source(certificate, language=language).html
    assert "agreements and instructions" in json.loads(told)["kept"]
    for said in (told, html):
        assert practice.name in said
        for name in (SIGNER, "staff@example.org", "colleague@example.org", REASON):
            assert name not in said


def test_a_data_set_that_is_erased_keeps_who_signed(practice: Practice, agreed: User) -> None:
    order = worked_off(ordered(practice))
    with practice_scope(practice.pk):
        assert Acceptance.objects.get().user.email == "staff@example.org"
        told = json.loads(as_json(certificate_of(order)))
    assert "agreements and instructions" not in told["kept"]
