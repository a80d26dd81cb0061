"""A sweep that would erase an unusual share at once stops and asks."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client
from django.urls import reverse

from audit.chain import OPERATOR
from audit.models import Entry
from audit.words import Action
from dermalia.tenancy import practice_scope
from practices.models import Practice, User
from reports.models import Report
from reports.queries import visible_report
from retention.domain.due import erase_due_reports
from retention.domain.guard import confirm_sweep
from retention.models import DueSweep, Erasure
from scans.models import Connection
from tests.retention.rows import add_reports, last_swept, left, sweep_of


def sweep(practice: Practice) -> int:
    return erase_due_reports(practice_id=practice.pk)


def confirm(practice: Practice, number: int) -> bool:
    with practice_scope(practice.pk):
        return confirm_sweep(number=number, who=OPERATOR)


def actions(practice: Practice) -> list[str]:
    with practice_scope(practice.pk):
        return list(Entry.objects.order_by("sequence").values_list("action", flat=True))


def test_a_few_of_many_go_without_a_question(practice: Practice, account: Connection) -> None:
    add_reports(account, 5, due_in=0)
    add_reports(account, 3, due_in=1)
    assert sweep(practice) == 5
    assert left(practice) == 3
    kept = sweep_of(practice)
    assert (kept.hold, kept.found, kept.done) == ("", 5, 5)
    assert kept.ended_at is not None


def test_an_unusual_share_waits_hidden_until_somebody_confirms(
    practice: Practice, account: Connection
) -> None:
    add_reports(account, 21, due_in=0)
    add_reports(account, 3, due_in=100)
    assert sweep(practice) == 0
    assert sweep(practice) == 0
    held = sweep_of(practice)
    assert (held.hold, held.held_number) == (DueSweep.Hold.SHARE, 21)
    assert left(practice) == 24
    assert actions(practice).count(Action.SWEEP_HELD) == 1
    with practice_scope(practice.pk):
        due = Report.objects.order_by("due_on").first()
        assert due is not None
        assert visible_report(due.pk) is None
    assert confirm(practice, 21)
    assert sweep(practice) == 21
    assert left(practice) == 3
    assert actions(practice).count(Action.SWEEP_CONFIRMED) == 1


def test_twenty_are_few_whatever_the_share(practice: Practice, account: Connection) -> None:
    add_reports(account, 20, due_in=0)
    assert sweep(practice) == 20


def test_many_small_sweeps_are_one_large_one(practice: Practice, account: Connection) -> None:
    add_reports(account, 15, due_in=0)
    add_reports(account, 20, due_in=1)
    assert sweep(practice) == 15
    with practice_scope(practice.pk):
        Report.objects.update(due_on="2020-01-01")
    assert sweep(practice) == 0
    assert sweep_of(practice).hold == DueSweep.Hold.SHARE


def test_a_confirmation_is_for_the_number_that_was_seen(
    practice: Practice, account: Connection
) -> None:
    add_reports(account, 30, due_in=0)
    sweep(practice)
    assert not confirm(practice, 29)
    assert confirm(practice, 30)
    add_reports(account, 1, due_in=0)
    assert sweep(practice) == 0
    assert sweep_of(practice).held_number == 31


def test_nothing_can_be_confirmed_that_was_not_held(
    practice: Practice, account: Connection
) -> None:
    add_reports(account, 1, due_in=0)
    assert not confirm(practice, 1)


@pytest.mark.parametrize("ago", [timedelta(days=760), timedelta(days=-2)])
def test_a_clock_that_jumped_erases_nothing_by_itself(
    practice: Practice, account: Connection, ago: timedelta
) -> None:
    add_reports(account, 1, due_in=0)
    last_swept(practice, ago)
    assert sweep(practice) == 0
    assert sweep_of(practice).hold == DueSweep.Hold.CLOCK
    assert left(practice) == 1


def test_a_hold_ends_by_itself_when_the_clock_is_right_again(
    practice: Practice, account: Connection
) -> None:
    add_reports(account, 1, due_in=0)
    last_swept(practice, timedelta(days=760))
    sweep(practice)
    last_swept(practice, timedelta(hours=1))
    assert sweep(practice) == 1
    assert sweep_of(practice).hold == ""


def test_a_long_silence_without_anything_due_asks_nobody(
    practice: Practice, account: Connection
) -> None:
    add_reports(account, 1, due_in=1)
    last_swept(practice, timedelta(days=760))
    assert sweep(practice) == 0
    assert sweep_of(practice).hold == ""


def test_a_practice_s_hold_holds_no_other(
    practice: Practice, other_practice: Practice, account: Connection
) -> None:
    add_reports(account, 21, due_in=0)
    sweep(practice)
    assert sweep(other_practice) == 0
    with practice_scope(other_practice.pk):
        assert DueSweep.objects.exclude(hold="").count() == 0


def test_an_owner_is_told_on_the_list_and_lets_it_go(
    client: Client, staff_user: User, practice: Practice, account: Connection
) -> None:
    add_reports(account, 21, due_in=0)
    sweep(practice)
    client.force_login(staff_user)
    assert "21 erasures are on hold" in client.get("/en/scans/").content.decode()
    held = reverse("retention:held")
    page = client.get(held, headers={"accept-language": "en"})
    assert page.status_code == 200
    assert client.post(held, {"number": "20"}).status_code == 302
    assert sweep_of(practice).hold
    assert client.post(held, {"number": "21"}).status_code == 302
    assert not sweep_of(practice).hold
    assert sweep(practice) == 21
    assert "on hold" not in client.get("/en/scans/").content.decode()


def test_staff_who_are_no_owners_are_not_told(
    client: Client, practice: Practice, account: Connection
) -> None:
    add_reports(account, 21, due_in=0)
    sweep(practice)
    user = User.objects.create(email="a@example.org", practice=practice, role=User.Role.STAFF)
    client.force_login(user)
    assert "on hold" not in client.get("/en/scans/").content.decode()


def test_the_operator_confirms_from_the_command_line(
    practice: Practice, account: Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    add_reports(account, 21, due_in=0)
    with pytest.raises(CommandError, match="on hold"):
        call_command("retention", "sweep", practice.pk)
    with pytest.raises(CommandError, match="not 5 but 21"):
        call_command("retention", "confirm", practice.pk, 5)
    call_command("retention", "confirm", practice.pk, 21)
    assert "21 erasures requested" in capsys.readouterr().out
    with practice_scope(practice.pk):
        assert Erasure.objects.filter(reason=Erasure.Reason.DUE).count() == 21
