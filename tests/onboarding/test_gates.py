"""A practice goes live when every gate is open, and not before."""

from datetime import timedelta

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from audit.models import Entry
from dermalia.sandbox.face import Capture
from dermalia.sandbox.isemeco import IsemecoStandIn
from dermalia.tenancy import practice_scope
from onboarding.domain.evidence import attestations, concluded
from onboarding.domain.gates import gates
from onboarding.domain.going_live import GatesShut, go_live
from onboarding.domain.particulars import state
from onboarding.models import GoLive, Particulars
from practices.models import Passkey, Practice, User
from scans.models import Connection
from tests.conftest import discover
from tests.onboarding.conftest import capture, open_every_gate

pytestmark = [pytest.mark.joining, pytest.mark.usefixtures("db", "quick_documents")]


def is_open(practice: Practice, key: str) -> bool:
    with practice_scope(practice.pk):
        return {gate.key: gate.open for gate in gates(practice)}[key]


def test_at_first_only_the_operator_s_gate_may_be_open(
    practice: Practice, staff_user: User
) -> None:
    with practice_scope(practice.pk):
        found = {gate.key for gate in gates(practice) if gate.open}
    assert found <= {"services"}


def test_each_gate_says_why_it_is_shut(owner: Client) -> None:
    page = owner.get("/en/tasks/").content.decode()
    for reason in (
        "The agreement is not accepted yet.",
        "No scanner is connected yet.",
        "No test scan has gone through the whole chain yet.",
    ):
        assert reason in page


def test_with_every_gate_open_the_owner_goes_live(
    practice: Practice,
    staff_user: User,
    scanner: Connection,
    owner: Client,
    cluster: IsemecoStandIn,
    small_capture: Capture,
) -> None:
    open_every_gate(staff_user, scanner)
    capture(cluster, small_capture)
    assert owner.post("/en/tasks/live/").status_code == 302
    with practice_scope(practice.pk):
        assert GoLive.objects.get().user_id == staff_user.pk
        assert Entry.objects.filter(action="practice.went_live").count() == 1
    assert discover(scanner) == []
    capture(cluster, small_capture)
    assert len(discover(scanner)) == 1


@pytest.mark.parametrize(
    ("gate", "undo"),
    [
        ("billing", {"billing": ""}),
        ("practice", {"authorised_name": ""}),
        ("oversight", {"authority": ""}),
        ("retention", {"retention_settled_at": None}),
        ("documents", {"duties_seen_at": None}),
    ],
)
def test_one_shut_gate_is_enough(
    practice: Practice,
    staff_user: User,
    scanner: Connection,
    gate: str,
    undo: dict[str, object],
) -> None:
    open_every_gate(staff_user, scanner)
    with practice_scope(practice.pk):
        Particulars.objects.update(**undo)
        with pytest.raises(GatesShut):
            go_live(staff_user)
    assert not is_open(practice, gate)


def test_an_owner_without_a_factor_keeps_the_gate_shut(
    practice: Practice, staff_user: User, scanner: Connection
) -> None:
    open_every_gate(staff_user, scanner)
    with practice_scope(practice.pk):
        Passkey.objects.all().delete()
    assert not is_open(practice, "factor")


def test_statutory_patients_need_a_current_attestation_of_type_2(
    practice: Practice, staff_user: User, settings: Settings
) -> None:
    with practice_scope(practice.pk):
        state(staff_user, billing="statutory")
    assert is_open(practice, "billing")  # a machine of the practice's own
    settings.EMBEDDED = False
    later = timezone.localdate() + timedelta(days=1)
    earlier = timezone.localdate() - timedelta(days=1)
    for evidence, holds in (
        ([], False),
        ([f"Hosting GmbH=1={later}"], False),
        ([f"Hosting GmbH=2={earlier}"], False),
        ([f"Hosting GmbH=2={later}", f"Other GmbH=1={later}"], False),
        ([f"Hosting GmbH=2={later}"], True),
    ):
        settings.C5_EVIDENCE = evidence
        assert is_open(practice, "billing") is holds


def test_a_service_without_a_contract_keeps_the_gate_shut(
    practice: Practice, scanner: Connection, settings: Settings
) -> None:
    assert is_open(practice, "services")  # stand-ins
    settings.SANDBOX_ORIGINS, settings.DPA_CONCLUDED = [], ["resend=2026-05-20"]
    assert not is_open(practice, "services")
    settings.DPA_CONCLUDED = ["resend=2026-05-20", "isemeco=2026-05-01"]
    assert is_open(practice, "services")


def test_whoever_hosts_needs_a_contract_as_well(
    practice: Practice, scanner: Connection, settings: Settings
) -> None:
    company = {"entity": "Hosting GmbH", "country": "DE", "region": "eu-central-1"}
    settings.HOSTING = {
        "hosting": company,
        "storage": {**company, "entity": "Objects GmbH"},
        "backup-storage": company,
    }
    settings.EMBEDDED, settings.SANDBOX_ORIGINS = False, []
    signed = ["resend=2026-05-20", "isemeco=2026-05-01"]
    settings.DPA_CONCLUDED = [*signed, "hosting=2026-05-01"]
    assert not is_open(practice, "services")
    settings.DPA_CONCLUDED = [*signed, "hosting=2026-05-01", "storage=2026-05-01"]
    assert is_open(practice, "services")


def test_nonsense_about_evidence_is_refused(settings: Settings) -> None:
    settings.C5_EVIDENCE, settings.DPA_CONCLUDED = ["Hosting GmbH"], ["resend"]
    for read in (attestations, concluded):
        with pytest.raises(ImproperlyConfigured):
            read()


def test_the_notice_is_for_owners_alone(client: Client, practice: Practice) -> None:
    notice = "Not live yet"
    for role, shown in ((User.Role.OWNER, True), (User.Role.STAFF, False)):
        user = User.objects.create(email=f"{role}@example.org", practice=practice, role=role)
        client.force_login(user)
        assert (notice in client.get("/en/scans/").content.decode()) is shown
