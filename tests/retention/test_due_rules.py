"""Every row has a day of erasure with its reasons, and no day moves by itself."""

from datetime import UTC, date, datetime, timedelta

import pytest
from dateutil.relativedelta import relativedelta
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.utils import timezone, translation

from audit.chain import OPERATOR
from audit.models import Entry
from audit.words import Action
from dermalia.tenancy import practice_scope
from onboarding.domain.instructions import instruct
from practices.models import Practice, Purpose, User
from reports.domain.attestation import Attestation, attest, end_treatment
from reports.domain.due import BERLIN, due_of, explained
from reports.models import Report
from retention.domain.due import erase_due_reports
from retention.domain.settle import lengthen, settle
from scans.models import Connection, Scan
from tests.reports.rows import add_row
from tests.retention.rows import add_reports, left
from tests.tenancy.test_scope import make_scan

TODAY = timezone.localdate
CONSENT = Attestation(
    purpose="aesthetic", basis="consent", basis_on=date(2026, 1, 1), basis_version="1"
)
TREATMENT = Attestation(
    purpose="medical", basis="treatment", basis_on=date(2026, 1, 1), basis_version="1"
)


def again(report: Report) -> Report:
    with practice_scope(report.practice_id):
        return Report.objects.select_related("scan").get(pk=report.pk)


def moves(report: Report) -> list[tuple[str, int]]:
    with practice_scope(report.practice_id):
        rows = Entry.objects.filter(
            object_id=report.pk, action__in=[Action.DUE_LATER, Action.DUE_SOONER]
        )
        return [(entry.action, entry.counts["days"]) for entry in rows.order_by("sequence")]


def give(practice: Practice, user: User, months: int | None, purpose: str = "aesthetic") -> None:
    with practice_scope(practice.pk):
        instruct(purpose=Purpose(purpose), months=months, reason="As agreed", user=user)


def test_the_database_gives_a_day_to_whatever_is_written(
    account: Connection, practice: Practice
) -> None:
    with practice_scope(practice.pk):
        scan = make_scan(practice, "S-new")
        report = Report.objects.create(practice=practice, scan=scan, language="de")
        longest = TODAY() + relativedelta(months=24)
        assert Scan.objects.get(pk=scan.pk).due_on == longest
        assert Report.objects.get(pk=report.pk).due_on == longest


@pytest.mark.parametrize("model", [Scan, Report])
def test_nothing_can_be_without_a_day(
    model: type[Scan | Report], account: Connection, practice: Practice
) -> None:
    add_reports(account, 1, due_in=5)
    with practice_scope(practice.pk), pytest.raises(IntegrityError), transaction.atomic():
        model.objects.update(due_on=None)


def test_a_draft_that_nobody_releases_goes_after_the_shorter_period(
    account: Connection, practice: Practice
) -> None:
    with practice_scope(practice.pk):
        report = add_row(account, "S-1", report={"purpose": ""}).report
        assert due_of(report).months == 24
        Report.objects.update(due_on="2020-01-01")
    assert erase_due_reports(practice_id=practice.pk) == 1
    assert left(practice) == 0


def test_a_scan_that_never_came_goes_too(account: Connection, practice: Practice) -> None:
    with practice_scope(practice.pk):
        scan = make_scan(practice, "S-lost")
        Scan.objects.filter(pk=scan.pk).update(
            quarantined_at=Now(), discovered_at=timezone.now() - timedelta(days=800)
        )
    assert erase_due_reports(practice_id=practice.pk) == 1
    assert left(practice) == 0


def test_a_sentence_says_which_rule_which_day_and_which_instruction(
    account: Connection, practice: Practice, staff_user: User
) -> None:
    captured = datetime(2026, 7, 3, 12, tzinfo=UTC)
    with practice_scope(practice.pk):
        report = add_row(account, "S-1", report={"purpose": ""}, captured_at=captured).report
        give(practice, staff_user, 12)
        attest(report=report, attestation=CONSENT, who=OPERATOR)
    report = again(report)
    day = timezone.localdate().strftime("%-d %B %Y")
    with translation.override("en-gb"), timezone.override(BERLIN):
        told = explained(report)
    assert told.startswith("It is kept for 12 months from the capture on ")
    assert "2026" in told
    assert "The practice has given this period itself" in told
    assert day.split()[-1] in told
    assert report.due_on == date(2027, 7, 3)
    assert report.due_instructed_on == timezone.localdate()


@pytest.mark.parametrize(
    ("captured", "purpose", "due"),
    [
        (datetime(2024, 2, 29, 12, tzinfo=UTC), "aesthetic", date(2026, 2, 28)),
        (datetime(2024, 2, 29, 12, tzinfo=UTC), "medical", date(2034, 2, 28)),
        (datetime(2026, 8, 31, 12, tzinfo=UTC), "aesthetic", date(2028, 8, 31)),
        # Half past midnight in Berlin, still the day before in UTC.
        (datetime(2026, 3, 28, 23, 30, tzinfo=UTC), "aesthetic", date(2028, 3, 29)),
        (datetime(2026, 7, 1, 22, 30, tzinfo=UTC), "medical", date(2036, 7, 2)),
    ],
)
def test_days_are_those_of_berlin_leap_or_not(
    account: Connection, practice: Practice, captured: datetime, purpose: str, due: date
) -> None:
    with practice_scope(practice.pk):
        report = add_row(account, "S-1", report={"purpose": purpose}, captured_at=captured).report
        assert due_of(report).on == due


def test_a_flag_and_an_end_of_treatment_move_the_day_and_say_so(
    account: Connection, practice: Practice
) -> None:
    with practice_scope(practice.pk):
        report = add_row(account, "S-1", report={"purpose": ""}).report
        attest(report=report, attestation=CONSENT, who=OPERATOR)
        attest(report=report, attestation=TREATMENT, who=OPERATOR)
        later = again(report).due_on
        assert later == TODAY() + relativedelta(years=10)
        end_treatment(report=report, on=TODAY() - timedelta(days=3), who=OPERATOR)
        attest(report=report, attestation=CONSENT, who=OPERATOR)
    told = moves(report)
    assert [what for what, _ in told] == [Action.DUE_LATER, Action.DUE_SOONER, Action.DUE_SOONER]
    assert told[1] == (Action.DUE_SOONER, 3)
    assert again(report).due_on == TODAY() + relativedelta(months=24)


def test_another_paper_moves_no_day(
    account: Connection, practice: Practice, staff_user: User
) -> None:
    with practice_scope(practice.pk):
        report = add_row(account, "S-1", report={"purpose": ""}).report
        attest(report=report, attestation=CONSENT, who=OPERATOR)
    give(practice, staff_user, 60)
    newer = Attestation(
        purpose="aesthetic", basis="consent", basis_on=date(2026, 1, 1), basis_version="2"
    )
    before = again(report).due_on
    with practice_scope(practice.pk):
        attest(report=report, attestation=newer, who=OPERATOR)
    assert again(report).due_on == before


def released(account: Connection) -> Report:
    with practice_scope(account.practice_id):
        report: Report = add_row(account, "S-1", report={"purpose": ""}).report
        attest(report=report, attestation=CONSENT, who=OPERATOR)
    return again(report)


def test_a_shorter_instruction_reaches_the_reports_there_are(
    account: Connection, practice: Practice, staff_user: User
) -> None:
    report = released(account)
    give(practice, staff_user, 6)
    assert settle(practice_id=practice.pk) == 1
    assert again(report).due_on == TODAY() + relativedelta(months=6)
    assert [what for what, _ in moves(report)] == [Action.DUE_SOONER]
    assert settle(practice_id=practice.pk) == 0


def test_a_longer_instruction_leaves_the_reports_there_are_alone(
    account: Connection, practice: Practice, staff_user: User
) -> None:
    report = released(account)
    give(practice, staff_user, 60)
    erase_due_reports(practice_id=practice.pk)
    assert again(report).due_on == report.due_on
    assert moves(report) == []


def test_a_longer_period_is_given_to_them_only_by_name(
    account: Connection, practice: Practice, staff_user: User
) -> None:
    report = released(account)
    give(practice, staff_user, 60)
    call_command("retention", "lengthen", practice.pk, "aesthetic", verbosity=0)
    assert again(report).due_on == TODAY() + relativedelta(months=60)
    assert [what for what, _ in moves(report)] == [Action.DUE_LATER]
    assert lengthen(practice_id=practice.pk, purpose=Purpose.AESTHETIC, who=OPERATOR) == 0


def test_a_day_from_before_there_were_reasons_gets_them_and_never_moves_later(
    account: Connection, practice: Practice
) -> None:
    report = released(account)
    sooner = report.due_on - timedelta(days=10)
    with practice_scope(practice.pk):
        Report.objects.update(due_months=None, due_from_on=None, due_on=sooner)
    assert settle(practice_id=practice.pk) == 1
    assert (again(report).due_on, again(report).due_months) == (sooner, 24)
