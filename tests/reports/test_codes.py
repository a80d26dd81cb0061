"""The code a report opens with: right however it is typed, and not found by trying."""

import threading
from datetime import datetime, timedelta

import pytest
from django.db import connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from audit.access import record_access
from audit.chain import OPERATOR, SYSTEM
from audit.models import Entry
from audit.words import Action
from dermalia.sandbox.face import Capture
from dermalia.sandbox.isemeco import IsemecoStandIn
from dermalia.sandbox.resend import ResendStandIn
from dermalia.sealing.keys import unlock
from dermalia.tenancy import practice_scope
from practices.domain.tenants import create_practice
from practices.models import Practice, User
from reports.domain import codes
from reports.domain.codes import ALPHABET, TRIES, check_code, renew_code
from reports.models import Report
from tests.conftest import connect_to, discover, link_in_mail, release_at_once, report_of

WRONG = "3333-3333"


@pytest.fixture
def coded(practice: Practice, report: Report) -> Report:
    """The report, with a code."""
    with practice_scope(practice.pk):
        renew_code(report=report, who=OPERATOR)
        return Report.objects.select_related("scan", "practice").get(pk=report.pk)


@pytest.fixture
def link(coded: Report, mailbox: ResendStandIn) -> str:
    return link_in_mail(coded, mailbox)


def code_of(report: Report) -> str:
    with practice_scope(report.practice_id):
        key = unlock(
            report.scan.key_id,
            access=record_access(Action.SCAN_VIEWED, who=SYSTEM, object_id=report.scan_id),
        )
        report.refresh_from_db()
        assert report.code is not None
        code: str = report.code.open(key)
    return code


def lock_ends(report: Report) -> None:
    """As if the time of the lock had gone by."""
    with practice_scope(report.practice_id):
        Report.objects.filter(pk=report.pk).update(
            code_locked_until=timezone.now() - timedelta(seconds=1)
        )


def actions(report: Report) -> list[str]:
    with practice_scope(report.practice_id):
        entries = Entry.objects.filter(object_id=report.pk, action__startswith="code.")
        return list(entries.order_by("sequence").values_list("action", flat=True))


def minutes_locked(client: Client, link: str) -> float:
    """Try wrong codes until the gate locks; for how many minutes it does."""
    for _ in range(TRIES):
        answer = client.post(link, {"code": WRONG})
    assert answer.status_code == 429
    return int(answer.headers["Retry-After"]) / 60


@pytest.mark.parametrize(("wanted", "made"), [(True, True), (False, False)])
def test_a_released_report_has_a_code_where_the_practice_wants_one(
    practice: Practice, wanted: bool, made: bool, request: pytest.FixtureRequest
) -> None:
    practice.access_code = wanted
    practice.save()
    report: Report = request.getfixturevalue("report")
    assert (report.code is not None, report.code_digest is not None) == (made, made)


def test_a_code_has_no_look_alikes_and_spells_no_word(coded: Report) -> None:
    code = code_of(coded)
    assert (len(code), code[4]) == (9, "-")
    assert set(code) <= {*ALPHABET, "-"}
    assert not set(ALPHABET) & set("0O1IL2Z5S8B" + "AEIOU")


def test_without_the_code_the_button_opens_nothing(client: Client, link: str) -> None:
    page = client.get(link).content.decode()
    assert 'name="code"' in page
    assert "Haut" not in page
    answer = client.post(link)
    assert (answer.status_code, "report" in answer.cookies) == (422, False)
    assert "viewer-config" not in client.get(link).content.decode()


def test_pressing_the_button_with_no_code_is_no_try(
    client: Client, link: str, coded: Report
) -> None:
    for _ in range(3 * TRIES):
        assert client.post(link, {"code": " - "}).status_code == 422
    assert client.post(link, {"code": code_of(coded)}).status_code == 303


def test_the_code_opens_however_it_is_typed(link: str, coded: Report) -> None:
    code = code_of(coded)
    plain = code.replace("-", "")
    for typed in (
        code,
        f"  {code} ",
        code.lower(),
        plain,
        " ".join(plain),
        f"{code[:4]}–{code[5:]}",
    ):
        client = Client()
        assert client.post(link, {"code": typed}).status_code == 303, typed
        assert "viewer-config" in client.get(link).content.decode()


def test_a_wrong_code_shows_the_gate_again(client: Client, link: str, coded: Report) -> None:
    for typed in (WRONG, "x", "ß" * 64, "7" * 5000, "ⅧⅧⅧⅧ-٣٣٣٣", "3333\x00"):
        with practice_scope(coded.practice_id):
            Report.objects.update(code_failures=0)
        answer = client.post(link, {"code": typed})
        page = answer.content.decode()
        assert (answer.status_code, "report" in answer.cookies) == (422, False), typed
        assert "Das ist nicht der Code" in page
        assert 'value="' not in page.split('name="code"')[1].split(">")[0]


def test_five_wrong_codes_lock_the_report_and_say_until_when(
    client: Client, link: str, coded: Report
) -> None:
    for _ in range(TRIES - 1):
        assert client.post(link, {"code": WRONG}).status_code == 422
    answer = client.post(link, {"code": WRONG})
    assert answer.status_code == 429
    assert 890 <= int(answer.headers["Retry-After"]) <= 900
    page = answer.content.decode()
    assert "practice@example.org" in page
    with practice_scope(coded.practice_id):
        coded.refresh_from_db()
    assert coded.code_locked_until is not None
    assert timezone.localtime(coded.code_locked_until).strftime("%H:%M") in page
    assert actions(coded)[1:] == ["code.refused"] * (TRIES - 1) + ["code.locked"]


def test_while_it_is_locked_the_right_code_opens_nothing_either(
    client: Client, link: str, coded: Report
) -> None:
    minutes_locked(client, link)
    before = actions(coded)
    assert client.post(link, {"code": code_of(coded)}).status_code == 429
    assert actions(coded) == before
    lock_ends(coded)
    assert client.post(link, {"code": code_of(coded)}).status_code == 303


def test_each_lock_is_twice_as_long_up_to_a_day(client: Client, link: str, coded: Report) -> None:
    waits = []
    for _ in range(9):
        waits.append(round(minutes_locked(client, link)))
        lock_ends(coded)
    assert waits == [15, 30, 60, 120, 240, 480, 960, 1440, 1440]


def test_the_count_holds_to_the_end_of_the_longest_retention(
    client: Client, link: str, coded: Report
) -> None:
    ten_years = 10 * 366 * TRIES
    with practice_scope(coded.practice_id):
        Report.objects.update(code_failures=ten_years)
    assert round(minutes_locked(client, link)) == 1440


def test_the_right_code_forgets_the_wrong_ones(client: Client, link: str, coded: Report) -> None:
    for _ in range(3):
        for _ in range(TRIES - 1):
            client.post(link, {"code": WRONG})
        assert client.post(link, {"code": code_of(coded)}).status_code == 303


def test_a_new_code_replaces_the_old_one_and_its_lock(
    client: Client, link: str, coded: Report, staff_user: User
) -> None:
    old = code_of(coded)
    minutes_locked(client, link)
    staff = Client()
    staff.force_login(staff_user)
    made = staff.post(reverse("reports:scan_code", args=[coded.scan_id]))
    assert made.status_code == 302
    new = code_of(coded)
    assert new in staff.get(made.headers["Location"]).content.decode()
    assert actions(coded)[-1] == "code.issued"
    assert client.post(link, {"code": old}).status_code == 422
    assert client.post(link, {"code": new}).status_code == 303


def test_a_code_is_of_one_report(coded: Report) -> None:
    other = Report(pk=coded.scan_id, practice_id=coded.practice_id)
    plain = code_of(coded).replace("-", "")
    assert codes._digest(coded, plain) == bytes(coded.code_digest or b"")
    assert codes._digest(other, plain) != codes._digest(coded, plain)


def test_a_report_without_a_code_has_nothing_to_check(report: Report, scope: None) -> None:
    with pytest.raises(ValueError, match="no code"):
        check_code(report=report, typed="x")


@pytest.mark.parametrize("visitor", ["anonymous", "outsider", "reader"])
def test_who_may_not_make_a_code(
    client: Client, coded: Report, other_practice: Practice, visitor: str
) -> None:
    practice = other_practice if visitor == "outsider" else coded.practice
    role = User.Role.READER if visitor == "reader" else User.Role.OWNER
    if visitor != "anonymous":
        client.force_login(User.objects.create(email="v@example.org", practice=practice, role=role))
    before = code_of(coded)
    answer = client.post(reverse("reports:scan_code", args=[coded.scan_id]))
    assert answer.status_code == {"anonymous": 302, "outsider": 404, "reader": 403}[visitor]
    assert code_of(coded) == before


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_wrong_link_costs_and_looks_like_an_unknown_one(
    client: Client, link: str, method: str
) -> None:
    """One sign off, another alphabet, another length: the same page for the same queries."""
    token = link.rstrip("/").rsplit("/", 1)[1]
    near = token[:-1] + ("a" if token[-1] != "a" else "b")
    seen = set()
    for wrong in (near, "x" * 25, "0" * 25, "short", "ä" * 300):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            answer = getattr(client, method)(f"/de/r/{wrong}/", {"code": WRONG})
        shape = tuple(query["sql"].split("WHERE")[0] for query in queries)
        seen.add((answer.status_code, answer.content, shape))
    assert len(seen) == 1
    assert next(iter(seen))[0] == 404


def tries_at_once(report: Report, number: int) -> int:
    """How many of so many parallel tries were judged at all."""
    judged: list[datetime | None] = []
    barrier = threading.Barrier(number)

    def one() -> None:
        try:
            with practice_scope(report.practice_id):
                mine = Report.objects.get(pk=report.pk)
                barrier.wait()
                spent = codes._spend_a_try(mine)
                if spent is not None:
                    judged.append(spent[1])
        finally:
            connections.close_all()

    threads = [threading.Thread(target=one) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(judged)


def test_of_many_tries_at_once_no_more_than_five_are_judged(
    committed: None,
    cluster: IsemecoStandIn,
    small_capture: Capture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    practice = create_practice(name="Demo practice", email="practice@example.org")
    practice.access_code = True
    release_at_once(practice)
    cluster.add_scan(small_capture)
    report = report_of(discover(connect_to(cluster, practice))[0])
    with monkeypatch.context() as unguarded:
        guard = "AND coalesce(code_locked_until <= clock_timestamp(), true)"
        assert guard in codes._SPEND_A_TRY
        unguarded.setattr(codes, "_SPEND_A_TRY", codes._SPEND_A_TRY.replace(guard, ""))
        assert tries_at_once(report, 12) == 12
    with practice_scope(practice.pk):
        Report.objects.update(code_failures=0, code_locked_until=None)
    assert tries_at_once(report, 12) == TRIES
