"""What owners decide is kept, is in the log, and has its effect."""

from datetime import date
from typing import Any

import pytest
from django.db import IntegrityError
from django.test import Client
from pytest_django import Settings

from audit.models import Entry
from dermalia.sandbox.face import Capture
from dermalia.sandbox.isemeco import IsemecoStandIn
from dermalia.tenancy import practice_scope
from onboarding.domain.instructions import rules
from onboarding.models import Check, Instruction, Particulars, Recipient
from practices.models import Practice, Purpose, User
from reports.domain.due import due_date
from reports.models import Report, Tally
from scans.models import Connection
from tests.conftest import discover, release_at_once, report_of
from tests.onboarding.conftest import capture

PRACTICE = {
    "name": "Demo-Praxis",
    "legal_form": "GmbH",
    "street": "Beispielweg 1",
    "postal_code": "00000",
    "city": "Musterstadt",
    "phone": "",
    "email": "praxis@example.org",
    "authorised_name": "Testperson Ä",
    "authorised_role": "Inhaberin",
}


def entries(practice: Practice, action: str) -> int:
    with practice_scope(practice.pk):
        return Entry.objects.filter(action=action).count()


def lines_of(owner: Client, url: str, **typed: str) -> str:
    """The page of a test of a connection, once it has come to its end."""
    page: Any = owner.post(url, typed)
    return b"".join(page.streaming_content).decode()


def test_practice_and_signer_are_kept(owner: Client, practice: Practice) -> None:
    assert owner.post("/en/tasks/practice/", PRACTICE).status_code == 302
    practice.refresh_from_db()
    assert (practice.name, practice.city) == ("Demo-Praxis", "Musterstadt")
    with practice_scope(practice.pk):
        assert Particulars.objects.get().authorised_name == "Testperson Ä"


@pytest.mark.parametrize("lacking", ["legal_form", "street", "authorised_role", "email"])
def test_what_the_agreement_needs_is_demanded(owner: Client, lacking: str) -> None:
    answer = owner.post("/en/tasks/practice/", PRACTICE | {lacking: ""})
    assert answer.status_code == 422
    assert "Please fill this in." in answer.content.decode() or lacking == "email"


@pytest.mark.parametrize(
    ("answers", "status"),
    [
        ({"oversight": "appointed", "authority": "hh"}, 422),
        ({"oversight": "none", "authority": "hh"}, 422),
        ({"oversight": "none", "no_officer_reason": "Two people.", "authority": ""}, 422),
        ({"oversight": "none", "no_officer_reason": "Two people.", "authority": "hh"}, 302),
        (
            {
                "oversight": "appointed",
                "officer_name": "Demo GmbH",
                "officer_contact": "dsb@example.org",
                "no_officer_reason": "left over",
                "authority": "by_public",
            },
            302,
        ),
    ],
)
def test_an_officer_or_a_reason_and_an_authority(
    owner: Client, practice: Practice, answers: dict[str, str], status: int
) -> None:
    assert owner.post("/en/tasks/officer/", answers).status_code == status
    if status == 302 and answers["oversight"] == "appointed":
        with practice_scope(practice.pk):
            assert Particulars.objects.get().no_officer_reason == ""


VOUCHED = {
    "release": "at_once",
    "default_purpose": "medical",
    "standing_basis": "treatment",
    "standing_basis_on": "2026-01-05",
    "standing_basis_version": "2026-01",
}


@pytest.mark.parametrize(
    "wrong",
    [
        {"default_purpose": ""},
        {"standing_basis": ""},
        {"standing_basis_on": ""},
        {"standing_basis_on": "2999-01-01"},
        {"standing_basis_on": "yesterday"},
        {"standing_basis_version": ""},
        {"default_purpose": "aesthetic"},
    ],
)
def test_nothing_is_released_at_once_before_the_practice_vouches_for_it(
    owner: Client, practice: Practice, wrong: dict[str, str]
) -> None:
    assert owner.post("/en/tasks/retention/", VOUCHED | wrong).status_code == 422
    practice.refresh_from_db()
    assert practice.release == Practice.Release.BY_STAFF
    assert entries(practice, "practice.changed") == 0


def test_what_a_practice_vouches_for_stands_in_each_report_released_at_once(
    owner: Client,
    practice: Practice,
    scanner: Connection,
    cluster: IsemecoStandIn,
    small_capture: Capture,
) -> None:
    assert owner.post("/en/tasks/retention/", VOUCHED).status_code == 302
    capture(cluster, small_capture)
    report = report_of(discover(scanner)[0])
    assert report.state == Report.State.RELEASED
    assert (report.purpose, report.basis) == (Purpose.MEDICAL, Report.Basis.TREATMENT)
    assert (report.basis_on, report.basis_version) == (date(2026, 1, 5), "2026-01")
    assert entries(practice, "basis.attested") == 1


def test_who_goes_back_to_release_by_staff_vouches_for_nothing_more(
    owner: Client, practice: Practice
) -> None:
    assert owner.post("/en/tasks/retention/", VOUCHED).status_code == 302
    by_staff = VOUCHED | {"release": "staff"}
    assert owner.post("/en/tasks/retention/", by_staff).status_code == 302
    practice.refresh_from_db()
    assert (practice.release, practice.default_purpose) == ("staff", "medical")
    assert (practice.standing_basis, practice.standing_basis_on) == ("", None)


@pytest.mark.usefixtures("scope")
def test_no_way_around_the_page_releases_at_once_unvouched(practice: Practice) -> None:
    practice.release, practice.default_purpose = Practice.Release.AT_ONCE, Purpose.MEDICAL
    with pytest.raises(IntegrityError, match="release_at_once_is_vouched_for"):
        practice.save()


@pytest.mark.parametrize(("hours", "status"), [("12", 302), ("0", 422), ("73", 422), ("x", 422)])
def test_a_practice_says_after_how_many_hours_a_scanner_is_missed(
    owner: Client, practice: Practice, hours: str, status: int
) -> None:
    answer = owner.post("/en/settings/scanners/silence/", {"silent_hours": hours})
    assert answer.status_code == status
    practice.refresh_from_db()
    assert practice.silent_hours == (12 if status == 302 else 3)


def test_every_setting_can_be_found(owner: Client) -> None:
    page = owner.get("/en/settings/").content.decode()
    for place in ("settings/mail/", "settings/scanners/", "settings/reports/", "team/", "tasks/"):
        assert f'href="/en/{place}"' in page


def test_all_duties_are_confirmed_or_none(owner: Client, practice: Practice) -> None:
    ticks = dict.fromkeys(("inform", "consent", "assess", "record"), "on")
    assert owner.post("/en/tasks/duties/", ticks).status_code == 422
    assert owner.post("/en/tasks/duties/", ticks | {"answer": "on"}).status_code == 302
    with practice_scope(practice.pk):
        assert Particulars.objects.get().duties_seen_at is not None


def test_reports_are_set_and_their_use_is_shown(owner: Client, practice: Practice) -> None:
    with practice_scope(practice.pk):
        Tally.objects.create(practice=practice, day=date.today(), what="page", number=4711)  # noqa: DTZ011
    url = "/en/settings/reports/"
    assert "4711" not in owner.get(url).content.decode()
    chosen = {"language": "en", "release": "staff", "access_code": "on", "counts_use": "on"}
    assert owner.post(url, chosen).status_code == 302
    practice.refresh_from_db()
    assert (practice.language, practice.access_code, practice.counts_use) == ("en", True, True)
    assert "4711" in owner.get(url).content.decode()
    before = entries(practice, "practice.changed")
    owner.post(url, chosen)
    assert entries(practice, "practice.changed") == before


def test_an_instruction_changes_what_is_released_from_then_on(
    owner: Client,
    practice: Practice,
    scanner: Connection,
    cluster: IsemecoStandIn,
    small_capture: Capture,
) -> None:
    release_at_once(practice)
    capture(cluster, small_capture)
    before = report_of(discover(scanner)[0])
    url = "/en/settings/retention/"
    given = {"purpose": "aesthetic", "months": "6", "reason": "Shorter, as patients wish."}
    assert owner.post(url, given).status_code == 302
    capture(cluster, small_capture)
    after = report_of(discover(scanner)[1])
    assert after.scan.captured_at is not None
    assert after.due_on == due_date(
        purpose=Purpose.AESTHETIC,
        captured_at=after.scan.captured_at,
        created_at=after.created_at,
        months=6,
    )
    with practice_scope(practice.pk):
        due_before = Report.objects.get(pk=before.pk).due_on
    assert due_before == before.due_on
    assert due_before is not None
    assert due_before > after.due_on
    assert entries(practice, "instruction.given") == 1


def test_an_instruction_without_a_reason_is_refused(owner: Client) -> None:
    given = {"purpose": "aesthetic", "months": "6", "reason": ""}
    assert owner.post("/en/settings/retention/", given).status_code == 422


def test_less_than_ten_years_for_medical_is_objected_to_first(
    owner: Client, practice: Practice
) -> None:
    given = {"purpose": "medical", "months": "60", "reason": "We wish so."}
    answer = owner.post("/en/settings/retention/", given)
    assert answer.status_code == 422
    assert "§ 630f" in answer.content.decode()
    with practice_scope(practice.pk):
        assert not Instruction.objects.exists()
    assert owner.post("/en/settings/retention/", given | {"aware": "on"}).status_code == 302
    with practice_scope(practice.pk):
        assert {rule.purpose.value: rule.months for rule in rules()} == {
            "medical": 60,
            "aesthetic": 24,
        }


def test_an_instruction_without_months_brings_back_the_usual(
    owner: Client, practice: Practice
) -> None:
    for months in ("6", ""):
        given = {"purpose": "aesthetic", "months": months, "reason": "As we wish."}
        owner.post("/en/settings/retention/", given)
    with practice_scope(practice.pk):
        assert [rule.months for rule in rules()] == [120, 24]
        assert Instruction.objects.count() == 2


def test_a_recipient_is_entered_and_ended_but_never_forgotten(
    owner: Client, practice: Practice
) -> None:
    entered = {"name": "Demo-Klinik", "purpose": "Second opinion", "basis": "Consent"}
    assert owner.post("/en/settings/recipients/", entered).status_code == 302
    with practice_scope(practice.pk):
        row = Recipient.objects.get()
    owner.post(f"/en/settings/recipients/{row.pk}/end/")
    owner.post(f"/en/settings/recipients/{row.pk}/end/")
    with practice_scope(practice.pk):
        assert Recipient.objects.get().ended_at is not None
    assert entries(practice, "recipient.ended") == 1
    assert "Demo-Klinik" in owner.get("/en/settings/recipients/").content.decode()


def test_a_scanner_is_added_with_its_secret_sealed(
    owner: Client, practice: Practice, cluster: IsemecoStandIn
) -> None:
    url = "/en/settings/scanners/account/"
    account = {"base_url": cluster.url, "client_id": "dermalia", "client_secret": "for this test"}
    assert owner.post(url, account | {"base_url": "https://evil.example"}).status_code == 422
    assert owner.post(url, account).status_code == 302
    with practice_scope(practice.pk):
        added = Connection.objects.get()
    lines = lines_of(owner, f"/en/settings/scanners/{added.pk}/test/")
    assert lines.count('class="check"') == 6
    assert "The connection works." in lines
    assert "for this test" not in lines + owner.get("/en/settings/scanners/").content.decode()
    with practice_scope(practice.pk):
        assert Check.objects.get().passed


def test_a_test_that_fails_says_at_which_line(
    owner: Client, practice: Practice, scanner: Connection
) -> None:
    lines = lines_of(owner, f"/de/settings/scanners/{scanner.pk}/test/", serial="another")
    assert lines.count("is-failed") == 1
    with practice_scope(practice.pk):
        check = Check.objects.get()
    assert (check.passed, check.failed_step) == (False, "serial")


def test_a_paused_scanner_is_not_asked(
    owner: Client, scanner: Connection, cluster: IsemecoStandIn, small_capture: Capture
) -> None:
    owner.post(f"/en/settings/scanners/{scanner.pk}/pause/")
    capture(cluster, small_capture)
    assert discover(scanner) == []
    owner.post(f"/en/settings/scanners/{scanner.pk}/resume/")
    assert len(discover(scanner)) == 1


def test_a_folder_is_watched_by_one_practice_alone(
    owner: Client, other_practice: Practice, settings: Settings, tmp_path: object
) -> None:
    settings.SCAN_FOLDERS = tmp_path
    with practice_scope(other_practice.pk):
        Connection.objects.create(practice=other_practice, folder="taken")
    url = "/en/settings/scanners/folder/"
    for folder, status in (("../etc", 422), ("taken", 422), ("ours", 302)):
        assert owner.post(url, {"folder": folder, "exports": "keep"}).status_code == status


@pytest.mark.parametrize(
    "path",
    [
        "tasks/practice/",
        "tasks/live/",
        "agreement/",
        "settings/reports/",
        "settings/retention/",
        "settings/scanners/account/",
    ],
)
def test_only_owners_decide(client: Client, practice: Practice, path: str) -> None:
    user = User.objects.create(email="s@example.org", practice=practice, role=User.Role.STAFF)
    client.force_login(user)
    assert client.post(f"/en/{path}", {}).status_code == 403
