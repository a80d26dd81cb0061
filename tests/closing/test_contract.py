"""The end of a contract: thirty days, the practice's choice, and never a day too early."""

from datetime import timedelta

import pytest
from django.test import Client

from audit.chain import OPERATOR
from audit.words import Action
from backups.domain.schedule import now
from closing.domain import contract
from closing.domain.contract import NotDelivered, TooLate, choose, end_due, end_now, withdraw
from closing.domain.handover import FILE, ScansSince, WrongCode, confirm_code, confirm_delivery
from closing.models import ContractEnd, Everything
from dermalia.sandbox.face import Capture
from dermalia.sandbox.isemeco import IsemecoStandIn
from dermalia.tenancy import practice_scope
from practices.domain.standing import standing
from practices.models import Practice, User
from reports.models import Report
from scans.models import Connection, Scan
from tests.closing.conftest import actions, noticed, ordered, worked_off
from tests.conftest import discover
from tests.exports.conftest import opened, prepared, taken

RETURN, ERASE = ContractEnd.Choice.RETURN, ContractEnd.Choice.ERASE


def chosen(practice: Practice, choice: ContractEnd.Choice) -> ContractEnd:
    end = noticed(practice)
    with practice_scope(practice.pk):
        choose(end, choice, who=OPERATOR)
    return end


def fresh(end: ContractEnd) -> ContractEnd:
    with practice_scope(end.practice_id):
        end.refresh_from_db()
    return end


def days_later(monkeypatch: pytest.MonkeyPatch, days: int) -> None:
    """Database and storage agree that it is so many days later."""
    at = now() + timedelta(days=days)
    monkeypatch.setattr(contract, "now", lambda: at)
    monkeypatch.setattr(contract, "agreed_now", lambda: at)


def code_in_export(practice: Practice) -> str:
    """As its reader finds it."""
    file = opened(taken(prepared(practice)))
    return file.read(FILE).decode().splitlines()[0]


@pytest.mark.parametrize("days", [0, 1, 29])
def test_nothing_goes_before_the_promised_day(
    practice: Practice, report: Report, monkeypatch: pytest.MonkeyPatch, days: int
) -> None:
    chosen(practice, ERASE)
    days_later(monkeypatch, days)
    assert end_due(practice_id=practice.pk) is None
    with practice_scope(practice.pk):
        assert Scan.objects.exists()


@pytest.mark.parametrize("choice", ["", ERASE])
def test_on_the_promised_day_everything_goes(
    practice: Practice, report: Report, monkeypatch: pytest.MonkeyPatch, choice: str
) -> None:
    end = chosen(practice, ERASE) if choice else noticed(practice)
    days_later(monkeypatch, 30)
    order = end_due(practice_id=practice.pk)
    assert order is not None
    assert order.certificate_id == end.certificate_id  # the address that was told
    assert worked_off(order).state == Everything.State.VERIFIED
    assert end_due(practice_id=practice.pk) is None


def test_what_was_asked_back_waits_for_its_delivery(
    practice: Practice, report: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    end = chosen(practice, RETURN)
    code = code_in_export(practice)
    days_later(monkeypatch, 40)
    assert end_due(practice_id=practice.pk) is None
    with practice_scope(practice.pk):
        confirm_delivery(fresh(end), code.lower().replace("-", " "), who=OPERATOR)
    assert end_due(practice_id=practice.pk) is not None
    assert Action.CONTRACT_DELIVERED in actions(practice.pk)


def test_clocks_that_disagree_end_nothing(
    practice: Practice, report: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen(practice, ERASE)
    at = now()
    monkeypatch.setattr(contract, "now", lambda: at + timedelta(days=30))
    assert end_due(practice_id=practice.pk) is None


def test_only_the_newest_export_s_code_confirms(practice: Practice, report: Report) -> None:
    end = chosen(practice, RETURN)
    older = code_in_export(practice)
    newer = code_in_export(practice)
    with practice_scope(practice.pk):
        end.refresh_from_db()
        for wrong in (older, "", "AAAA-AAAA-AAAA-AAAA"):
            with pytest.raises(WrongCode):
                confirm_delivery(end, wrong, who=OPERATOR)
        assert newer == confirm_code(end)


def test_an_export_that_is_not_everything_any_more_is_not_confirmed(
    practice: Practice,
    report: Report,
    account: Connection,
    cluster: IsemecoStandIn,
    small_capture: Capture,
) -> None:
    end = chosen(practice, RETURN)
    code = code_in_export(practice)
    cluster.add_scan(small_capture)
    discover(account)
    with practice_scope(practice.pk), pytest.raises(ScansSince):
        confirm_delivery(fresh(end), code, who=OPERATOR)


def test_an_export_without_a_notice_has_no_code(practice: Practice, report: Report) -> None:
    assert FILE not in opened(taken(prepared(practice))).namelist()


def test_it_can_be_withdrawn_until_everything_goes(practice: Practice, report: Report) -> None:
    end = chosen(practice, ERASE)
    with practice_scope(practice.pk):
        withdraw(end, who=OPERATOR)
    again = chosen(practice, ERASE)
    assert again.pk != end.pk
    with practice_scope(practice.pk):
        end_now(again, who=OPERATOR)
        with pytest.raises(TooLate):
            withdraw(again, who=OPERATOR)
        with pytest.raises(TooLate):
            choose(again, RETURN, who=OPERATOR)


@pytest.mark.parametrize("choice", ["", RETURN])
def test_nobody_ends_it_early_without_choice_or_delivery(practice: Practice, choice: str) -> None:
    end = chosen(practice, RETURN) if choice else noticed(practice)
    with practice_scope(practice.pk), pytest.raises(NotDelivered):
        end_now(end, who=OPERATOR)


def test_a_practice_that_is_being_closed_takes_nothing_in(
    practice: Practice, account: Connection
) -> None:
    with practice_scope(practice.pk):
        assert standing().takes_in(account.pk)
    ordered(practice, Everything.Kind.CONTRACT)
    with practice_scope(practice.pk):
        assert not standing().takes_in(account.pk)
        assert not standing().is_live()


def test_an_owner_walks_from_notice_to_certificate(
    practice: Practice, report: Report, staff_user: User, client: Client
) -> None:
    client.force_login(staff_user)
    page = "/en/settings/contract-end/"
    assert "you have 30 days" in client.get(page).content.decode()
    client.post(f"{page}notice/")
    client.post(f"{page}choice/", {"choice": "return"})
    code = code_in_export(practice)
    assert client.post(f"{page}confirm/", {"code": "nothing"}).status_code == 422
    assert client.get(f"{page}now/").status_code == 302
    assert client.post(f"{page}confirm/", {"code": code}).status_code == 302
    assert "the export has arrived" in client.get(page).content.decode()
    assert client.post(f"{page}now/", {"name": "another"}).status_code == 422
    answer = client.post(f"{page}now/", {"name": practice.name})
    with practice_scope(practice.pk):
        order = Everything.objects.get()
    worked_off(order)
    assert "Erasure certificate" in client.get(answer.headers["Location"]).content.decode()
    assert client.get(page).headers["Location"].startswith("/en/sign-in/")
