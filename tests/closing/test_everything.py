"""Erasing everything: each scan, through any crash, with a certificate that names nobody."""

import json
from base64 import b64decode

import pytest
from django.test import Client

from audit.chain import first_broken
from audit.signing import signing_keys
from audit.words import Action
from closing.domain import everything
from closing.domain.again import close_again
from closing.domain.certificate import as_json, certificate_of
from closing.domain.everything import UnderWay, go_on
from closing.domain.practice_rows import leftovers
from closing.models import Everything
from dermalia.sealing import objects
from dermalia.sealing.models import LedgerEntry, PracticeKey, ReportKey, SecretsKey
from dermalia.tenancy import practice_scope
from practices.models import Practice, SignInLink, User
from reports.mail.models import MailRoute
from reports.models import Report
from retention.models import Erasure
from scans.models import Connection, Scan
from tests.closing.conftest import actions, again, ordered, worked_off
from tests.conftest import superuser_connection

CLOSE = Everything.Kind.CONTRACT


class Killed(BaseException):
    """As a process ends that is killed: nobody handles it."""


def test_every_scan_goes_with_a_receipt_of_its_own(
    practice: Practice, two_scans: tuple[Report, Report]
) -> None:
    order = worked_off(ordered(practice))
    with practice_scope(practice.pk):
        assert not Scan.objects.exists()
        assert not ReportKey.objects.exists()
        receipts = Erasure.objects.filter(batch=order.pk)
        assert {receipt.state for receipt in receipts} == {Erasure.State.VERIFIED}
        assert {receipt.scan_id for receipt in receipts} == {r.scan_id for r in two_scans}
        assert LedgerEntry.objects.count() == 2
        assert PracticeKey.objects.exists()  # the practice goes on
        assert first_broken() is None
    assert all(objects.is_empty(report.scan.prefix) for report in two_scans)
    told = actions(practice.pk)
    assert told.count(Action.ERASURE_VERIFIED) == 2
    assert told[-1] == Action.EVERYTHING_ERASED


def test_a_restricted_report_stays_where_the_practice_goes_on(
    practice: Practice, two_scans: tuple[Report, Report]
) -> None:
    kept, _ = two_scans
    with practice_scope(practice.pk):
        Report.objects.filter(pk=kept.pk).update(restricted_at=kept.created_at)
    order = worked_off(ordered(practice))
    with practice_scope(practice.pk):
        assert [scan.pk for scan in Scan.objects.all()] == [kept.scan_id]
    assert (order.of_scans, order.spared) == (1, 1)


def test_nobody_orders_it_twice(practice: Practice) -> None:
    ordered(practice)
    with pytest.raises(UnderWay):
        ordered(practice)


@pytest.mark.parametrize("kind", [Everything.Kind.DATASET, CLOSE])
@pytest.mark.parametrize(
    "step",
    [
        "request_batch",
        "complete_erasures",
        "complete_batches",
        "_move",
        "close_practice",
        "_verified",
    ],
)
def test_killed_anywhere_it_is_gone_on_from_and_told_once(
    practice: Practice,
    two_scans: tuple[Report, Report],
    monkeypatch: pytest.MonkeyPatch,
    step: str,
    kind: Everything.Kind,
) -> None:
    order = ordered(practice, kind)
    real = getattr(everything, step)
    calls = 0

    def dies_the_second_time_and_after(*args: object, **kwargs: object) -> object:
        nonlocal calls
        calls += 1
        result = real(*args, **kwargs)
        if calls == 1:
            raise Killed
        return result

    monkeypatch.setattr(everything, step, dies_the_second_time_and_after)
    killed = False
    for _ in range(20):
        try:
            go_on(practice_id=practice.pk, order_id=order.pk)
        except Killed:
            killed = True
        order = again(order)
    assert killed == (step != "close_practice" or kind == CLOSE)
    assert order.state == Everything.State.VERIFIED
    told = actions(practice.pk)
    assert told.count(Action.EVERYTHING_ERASED) == 1
    assert told.count(Action.ERASURE_VERIFIED) == 2
    with practice_scope(practice.pk):
        assert Erasure.objects.filter(batch=order.pk).count() == 2
        assert first_broken() is None


def test_a_closed_practice_leaves_no_row_no_key_and_no_object(
    practice: Practice, two_scans: tuple[Report, Report], staff_user: User, client: Client
) -> None:
    client.force_login(staff_user)
    order = worked_off(ordered(practice, CLOSE))
    with practice_scope(practice.pk):
        assert leftovers() == []
        assert not Scan.objects.exists()
        assert not Connection.objects.exists()
        for model in (ReportKey, SecretsKey, PracticeKey):
            assert not model.objects.exists()
        assert first_broken() is None
    assert not SignInLink.objects.filter(user__practice=practice).exists()
    assert not User.objects.filter(email="staff@example.org").exists()
    assert all(objects.is_empty(report.scan.prefix) for report in two_scans)
    assert client.get("/de/settings/").status_code == 302  # to sign in
    assert order.rows["practices.User"] == 1
    assert order.keys == 2  # the practice's and the one for its secrets


def test_no_table_holds_an_address_of_a_closed_practice(
    practice: Practice, two_scans: tuple[Report, Report], staff_user: User
) -> None:
    worked_off(ordered(practice, CLOSE))
    markers = ("staff@example.org", "practice@example.org", "patient@example.org", "Testperson")
    with superuser_connection() as server:
        tables = server.execute(
            "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables"
            " WHERE schemaname IN ('public', 'keystore')"
        ).fetchall()
        for (table,) in tables:
            for marker in markers:
                query = f"SELECT count(*) FROM {table} AS row WHERE row::text ILIKE %s"
                (found,) = server.execute(query.encode(), [f"%{marker}%"]).fetchone() or (1,)
                assert found == 0, (table, marker)


def test_the_certificate_counts_names_nobody_and_is_signed(
    practice: Practice, two_scans: tuple[Report, Report], staff_user: User
) -> None:
    order = worked_off(ordered(practice, CLOSE))
    with practice_scope(practice.pk):
        content = as_json(certificate_of(order))
        stored = sum(e.objects_erased for e in Erasure.objects.filter(batch=order.pk))
    told = json.loads(content)
    assert told["erased"]["scans"] == 2
    assert told["erased"]["keys"] == 4
    assert told["erased"]["objects"] == stored > 0
    assert told["log"]["sha256"] == bytes(order.log_hash or b"").hex()
    assert b"example.org" not in content
    signature = b64decode(told.pop("signature"))
    message = json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    signing_keys().private.public_key().verify(signature, message)


def test_whoever_has_its_address_sees_the_certificate(
    practice: Practice, report: Report, client: Client
) -> None:
    order = ordered(practice, CLOSE)
    page = f"/en/certificate/{practice.pk}/{order.certificate_id}/"
    assert "Everything is being erased" in client.get(page).content.decode()
    assert client.get(f"{page}pdf").status_code == 404
    worked_off(order)
    assert "Erasure certificate" in client.get(page).content.decode()
    assert client.get(f"{page}json").json()["erased"]["scans"] == 1
    assert client.get(f"{page}pdf").content.startswith(b"%PDF")


def test_only_the_practice_s_name_orders_it(
    practice: Practice, report: Report, staff_user: User, client: Client
) -> None:
    client.force_login(staff_user)
    assert client.post("/en/settings/erase-everything/", {"name": "Demo"}).status_code == 422
    with practice_scope(practice.pk):
        assert not Everything.objects.exists()
    answer = client.post("/en/settings/erase-everything/", {"name": "demo  practice"})
    assert answer.headers["Location"].startswith(f"/en/certificate/{practice.pk}/")
    with practice_scope(practice.pk):
        assert Everything.objects.get().of_scans == 1


def test_a_session_without_a_fresh_factor_orders_nothing(
    practice: Practice, staff_user: User, client: Client
) -> None:
    client.force_login(staff_user)
    with practice_scope(practice.pk):
        staff_user.staff_sessions.update(fresh_at=None)
    answer = client.post("/en/settings/erase-everything/", {"name": practice.name})
    assert "/confirm/" in answer.headers["Location"]
    with practice_scope(practice.pk):
        assert not Everything.objects.exists()


def test_accounts_that_a_backup_brings_back_go_again(practice: Practice) -> None:
    worked_off(ordered(practice, CLOSE))
    assert not close_again(practice_id=practice.pk)
    with practice_scope(practice.pk):
        MailRoute.objects.create(practice=practice)
    assert close_again(practice_id=practice.pk)
    with practice_scope(practice.pk):
        assert leftovers() == []
