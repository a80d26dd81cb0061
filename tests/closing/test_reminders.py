"""Before a contract ends its practice is reminded, and every page counts the days."""

from datetime import timedelta

import pytest
from django.conf import settings as django_settings
from django.test import Client
from django.utils import timezone
from django.utils.translation import override

from audit.chain import OPERATOR
from backups.domain.schedule import now
from closing import tasks
from closing.domain import contract
from closing.domain.contract import choose, give_notice, withdraw
from closing.domain.reminders import DAYS_BEFORE, todo
from closing.models import ContractEnd
from dermalia.celery import app
from dermalia.sandbox.resend import ResendStandIn
from dermalia.tenancy import practice_scope
from dermalia.work.steps import queue_of
from practices.models import Practice, User
from reports.mail.models import StaffMail
from tests.closing.conftest import noticed, ordered
from tests.mail.conftest import worked_off

RETURN, ERASE = ContractEnd.Choice.RETURN, ContractEnd.Choice.ERASE


def days_later(monkeypatch: pytest.MonkeyPatch, days: int) -> None:
    at = now() + timedelta(days=days)
    monkeypatch.setattr(contract, "now", lambda: at)


def reminders(practice: Practice) -> list[StaffMail]:
    with practice_scope(practice.pk):
        return list(StaffMail.objects.filter(kind="contract_end").order_by("created_at"))


def test_a_practice_is_reminded_on_three_days_and_once_on_each(
    practice: Practice, monkeypatch: pytest.MonkeyPatch
) -> None:
    noticed(practice)
    told = []
    for day in range(contract.DAYS + 3):
        before = len(reminders(practice))
        with monkeypatch.context() as later:
            days_later(later, day)
            for _ in range(2):
                tasks.remind_practices()
        new = len(reminders(practice)) - before
        told += [contract.DAYS - day] * new
    assert told == list(DAYS_BEFORE)


def test_after_a_standstill_only_the_latest_reminder_is_sent_with_the_days_that_are_left(
    practice: Practice, mailbox: ResendStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    noticed(practice)
    days_later(monkeypatch, 25)
    tasks.remind_practices()
    (mail,) = reminders(practice)
    worked_off(mail)
    text = mailbox.mails[0].text or ""
    assert "in 5 Tagen" in text or "in 5 days" in text
    assert f"{django_settings.PUBLIC_URL}/de/settings/contract-end/" in text
    assert mailbox.mails[0].to == (practice.email,)


def test_a_notice_that_was_withdrawn_or_is_carried_out_reminds_nobody(
    practice: Practice, other_practice: Practice, monkeypatch: pytest.MonkeyPatch
) -> None:
    end, other = noticed(practice), noticed(other_practice)
    with practice_scope(practice.pk):
        withdraw(end, who=OPERATOR)
    with practice_scope(other_practice.pk):
        choose(other, ERASE, who=OPERATOR)
        contract.end_now(other, who=OPERATOR)
    days_later(monkeypatch, 29)
    tasks.remind_practices()
    assert reminders(practice) == reminders(other_practice) == []


def test_a_notice_given_anew_reminds_anew(
    practice: Practice, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(2):
        end = noticed(practice)
        with monkeypatch.context() as later:
            days_later(later, 29)
            tasks.remind_practices()
        with practice_scope(practice.pk):
            withdraw(end, who=OPERATOR)
    assert len(reminders(practice)) == 2


@pytest.mark.parametrize(
    ("choice", "exported", "delivered", "words"),
    [
        ("", False, False, ["choose", "prepare", "confirm"]),
        ("", True, False, ["choose", "confirm"]),
        ("", True, True, ["choose"]),
        (RETURN, False, False, ["prepare", "confirm"]),
        (RETURN, True, False, ["confirm"]),
        (RETURN, True, True, []),
        (ERASE, False, False, []),
    ],
)
def test_what_is_left_to_do(choice: str, exported: bool, delivered: bool, words: list[str]) -> None:
    end = ContractEnd(
        choice=choice,
        export_id="00000000-0000-4000-8000-000000000000" if exported else None,
        delivered_at=timezone.now() if delivered else None,
    )
    with override("en"):
        assert [str(each).split()[0] for each in todo(end)] == words


def test_every_page_counts_the_days_for_owners(
    practice: Practice, staff_user: User, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.force_login(staff_user)
    assert "Your contract ends" not in client.get("/en/scans/").content.decode()
    end = noticed(practice)
    days_later(monkeypatch, 20)
    page = client.get("/en/scans/").content.decode()
    assert "Your contract ends in 10 days." in page
    assert "Still to do: choose what becomes of your data" in page
    with practice_scope(practice.pk):
        choose(end, ERASE, who=OPERATOR)
    assert "nothing left for you to do" in client.get("/en/scans/").content.decode()
    days_later(monkeypatch, 33)
    assert "The last day" in client.get("/en/scans/").content.decode()


def test_colleagues_see_no_countdown(practice: Practice, staff_user: User, client: Client) -> None:
    noticed(practice)
    staff_user.role = User.Role.STAFF
    staff_user.save()
    client.force_login(staff_user)
    assert "Your contract ends" not in client.get("/en/scans/").content.decode()


def test_the_end_of_the_service_says_so(
    practice: Practice, mailbox: ResendStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    practice.language = "en"
    practice.save(update_fields=["language"])
    with practice_scope(practice.pk):
        give_notice(practice_id=practice.pk, who=OPERATOR, reason=ContractEnd.Reason.SERVICE)
    days_later(monkeypatch, 29)
    tasks.remind_practices()
    worked_off(reminders(practice)[0])
    assert "Dermalia is being closed" in (mailbox.mails[0].text or "")
    assert "in 1 day." in (mailbox.mails[0].text or "")


def test_workers_remind_by_themselves() -> None:
    app.loader.import_default_modules()
    name = "closing.tasks.remind_practices"
    assert name in app.tasks
    assert queue_of(app, name) == "mail"
    assert django_settings.WORK_PERIODIC[name] <= 12 * 3600


def test_a_practice_that_is_closing_is_left_alone(
    practice: Practice, monkeypatch: pytest.MonkeyPatch
) -> None:
    ordered(practice)  # of the data set alone: no contract ends
    days_later(monkeypatch, 29)
    tasks.remind_practices()
    assert reminders(practice) == []
