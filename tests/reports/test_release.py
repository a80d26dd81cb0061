"""What is said of a report before it is released, and what follows from saying it later."""

from datetime import date, timedelta

import pytest
from dateutil.relativedelta import relativedelta
from django.db import IntegrityError, transaction
from django.test import Client

from audit.chain import OPERATOR
from audit.models import Entry
from audit.words import Action
from dermalia.tenancy import practice_scope
from practices.models import Practice, Purpose, User
from reports.domain.attestation import Attestation, attest, end_treatment, release_attested
from reports.domain.creation import NotReleasable
from reports.domain.needs import today
from reports.models import Delivery, Report
from scans.models import Connection
from tests.reports.rows import add_row

CONSENT = Attestation(Purpose.AESTHETIC, Report.Basis.CONSENT, date(2026, 7, 1), "2.1")
TREATMENT = Attestation(Purpose.MEDICAL, Report.Basis.TREATMENT, date(2026, 7, 1), "1")
FORM = {
    "purpose": "aesthetic",
    "basis": "consent",
    "basis_on": "2026-07-01",
    "basis_version": "2.1",
    "informed_on": "2026-07-01",
}


@pytest.fixture
def staff(client: Client, staff_user: User) -> Client:
    client.force_login(staff_user)
    return client


@pytest.fixture
def draft(account: Connection) -> Report:
    with practice_scope(account.practice_id):
        report: Report = add_row(account, "S-1", report={"purpose": ""}).report
    return report


def again(report: Report) -> Report:
    with practice_scope(report.practice_id):
        return Report.objects.select_related("scan").get(pk=report.pk)


def told(report: Report) -> list[str]:
    with practice_scope(report.practice_id):
        entries = Entry.objects.filter(object_id=report.pk).order_by("sequence")
        return list(entries.values_list("action", flat=True))


@pytest.mark.parametrize(
    "attestation",
    [
        Attestation(),
        Attestation(purpose=Purpose.AESTHETIC),
        Attestation(purpose=Purpose.MEDICAL),
    ],
)
def test_what_is_not_said_keeps_a_report_from_being_released(
    draft: Report, attestation: Attestation, scope: None
) -> None:
    attest(report=draft, attestation=attestation, who=OPERATOR)
    with pytest.raises(NotReleasable):
        release_attested(report=draft, who=OPERATOR)
    assert again(draft).state == Report.State.DRAFT


def test_an_aesthetic_report_never_rests_on_treatment(draft: Report, scope: None) -> None:
    wrong = Attestation(Purpose.AESTHETIC, Report.Basis.TREATMENT, date(2026, 7, 1), "1")
    with pytest.raises(NotReleasable):
        attest(report=draft, attestation=wrong, who=OPERATOR)
    with pytest.raises(IntegrityError), transaction.atomic():
        Report.objects.filter(pk=draft.pk).update(
            purpose="aesthetic", basis="treatment", basis_on=date(2026, 7, 1), basis_version="1"
        )


def test_staff_attest_and_release_in_one_step(staff: Client, draft: Report) -> None:
    answer = staff.post(f"/en/scans/{draft.scan_id}/attest/", FORM | {"release": "yes"})
    assert answer.status_code == 302
    report = again(draft)
    assert report.state == Report.State.RELEASED
    assert Attestation.of(report) == Attestation(
        "aesthetic", "consent", date(2026, 7, 1), "2.1", date(2026, 7, 1)
    )
    assert told(report) == [
        Action.REPORT_FLAGGED,
        Action.BASIS_ATTESTED,
        Action.REPORT_RELEASED,
    ]


def test_without_an_address_nothing_is_queued(staff: Client, draft: Report) -> None:
    staff.post(f"/en/scans/{draft.scan_id}/attest/", FORM | {"release": "yes"})
    with practice_scope(draft.practice_id):
        assert not Delivery.objects.exists()
    page = staff.get(f"/en/scans/{draft.scan_id}/").content.decode()
    assert "Purpose and legal basis" in page


@pytest.mark.parametrize("missing", ["purpose", "basis", "basis_on", "basis_version"])
def test_a_form_with_a_gap_changes_nothing_and_says_why(
    staff: Client, draft: Report, missing: str
) -> None:
    form = {name: value for name, value in FORM.items() if name != missing}
    answer = staff.post(
        f"/en/scans/{draft.scan_id}/attest/", form | {"release": "yes"}, follow=True
    )
    assert 'role="alert"' in answer.content.decode()
    assert Attestation.of(again(draft)) == Attestation()


def test_a_form_signed_tomorrow_is_refused(staff: Client, draft: Report) -> None:
    tomorrow = (today() + timedelta(days=1)).isoformat()
    answer = staff.post(
        f"/en/scans/{draft.scan_id}/attest/", FORM | {"basis_on": tomorrow}, follow=True
    )
    assert "This day is yet to come." in answer.content.decode()
    assert again(draft).basis == ""


def test_a_changed_flag_computes_the_day_of_erasure_anew(draft: Report, scope: None) -> None:
    attest(report=draft, attestation=CONSENT, who=OPERATOR)
    release_attested(report=draft, who=OPERATOR)
    before = again(draft).due_on
    attest(report=draft, attestation=TREATMENT, who=OPERATOR)
    after = again(draft).due_on
    assert before is not None
    assert after == before + relativedelta(years=8)
    moved = [Action.REPORT_FLAGGED, Action.BASIS_ATTESTED, Action.DUE_LATER]
    assert told(draft)[-3:] == moved


def test_the_same_words_again_are_no_change(draft: Report, scope: None) -> None:
    assert attest(report=draft, attestation=CONSENT, who=OPERATOR)
    entries = told(draft)
    assert not attest(report=draft, attestation=CONSENT, who=OPERATOR)
    assert told(draft) == entries


def test_a_released_report_keeps_a_purpose(draft: Report, scope: None) -> None:
    attest(report=draft, attestation=CONSENT, who=OPERATOR)
    release_attested(report=draft, who=OPERATOR)
    with pytest.raises(NotReleasable):
        attest(report=draft, attestation=Attestation(), who=OPERATOR)


def test_ten_years_run_from_the_end_of_the_treatment(staff: Client, draft: Report) -> None:
    with practice_scope(draft.practice_id):
        attest(report=draft, attestation=TREATMENT, who=OPERATOR)
        release_attested(report=draft, who=OPERATOR)
    released = again(draft).due_on
    last_day = today() - timedelta(days=1)
    staff.post(f"/en/scans/{draft.scan_id}/treatment/", {"ended_on": last_day.isoformat()})
    assert again(draft).due_on == last_day + relativedelta(years=10)
    staff.post(f"/en/scans/{draft.scan_id}/treatment/", {"ended_on": ""})
    assert again(draft).due_on == released
    longer, shorter = Action.DUE_LATER, Action.DUE_SOONER
    ended = Action.TREATMENT_ENDED
    assert told(draft)[-4:] == [ended, shorter, ended, longer]


def test_an_aesthetic_report_has_no_end_of_treatment(draft: Report, scope: None) -> None:
    attest(report=draft, attestation=CONSENT, who=OPERATOR)
    with pytest.raises(NotReleasable):
        end_treatment(report=draft, on=today(), who=OPERATOR)


def test_a_treatment_that_was_none_is_forgotten_with_the_flag(draft: Report, scope: None) -> None:
    attest(report=draft, attestation=TREATMENT, who=OPERATOR)
    end_treatment(report=draft, on=today(), who=OPERATOR)
    attest(report=draft, attestation=CONSENT, who=OPERATOR)
    assert again(draft).treatment_ended_on is None


def test_a_reader_can_say_nothing(client: Client, practice: Practice, draft: Report) -> None:
    reader = User.objects.create(
        email="reader@example.org", practice=practice, role=User.Role.READER
    )
    client.force_login(reader)
    for act in ("attest", "release", "treatment", "person"):
        assert client.post(f"/en/scans/{draft.scan_id}/{act}/", FORM).status_code == 403
    page = client.get(f"/en/scans/{draft.scan_id}/").content.decode()
    assert "/attest/" not in page


def test_another_practice_finds_nothing_there(
    client: Client, other_practice: Practice, draft: Report
) -> None:
    stranger = User.objects.create(email="stranger@example.org", practice=other_practice)
    client.force_login(stranger)
    for act in ("attest", "release", "treatment", "person"):
        assert client.post(f"/en/scans/{draft.scan_id}/{act}/", FORM).status_code == 404
