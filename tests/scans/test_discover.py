"""Discovery with sources that lie, stumble or are away: bounded, told of, and never twice."""

from collections.abc import Iterator
from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone
from pytest_django import Settings

from dermalia.sandbox.http import Request, Response, json_response
from dermalia.sandbox.isemeco import IsemecoStandIn
from dermalia.tenancy import practice_scope
from practices.models import Practice
from scans.domain import discover as discover_module
from scans.domain.discover import discover_scans
from scans.domain.pull import pull_scan
from scans.domain.tombstones import bury
from scans.models import Connection, Scan
from tests.conftest import connect_to, discover
from tests.scans.exports import RECORDING


class Listing(IsemecoStandIn):
    """A cluster whose list a test writes: pages by cursor, the first under ``""``."""

    pages: dict[str, Response]

    def _scans(self, request: Request) -> Response:
        return self.pages[request.query.get("cursor", "")]


def page(*identifiers: str, after: str, more: bool) -> Response:
    scans = [{"scan_id": name} for name in identifiers]
    return json_response({"scans": scans, "next_cursor": after, "has_more": more})


@pytest.fixture
def listing(settings: Settings) -> Iterator[Listing]:
    with Listing(client_id="dermalia", client_secret="for this test") as cluster:
        settings.SANDBOX_ORIGINS = [*settings.SANDBOX_ORIGINS, cluster.url]
        yield cluster


@pytest.fixture
def connection(listing: Listing, practice: Practice) -> Connection:
    return connect_to(listing, practice)


def fresh(connection: Connection) -> Connection:
    with practice_scope(connection.practice_id):
        return Connection.objects.get(pk=connection.pk)


def rest_of(connection: Connection) -> float:
    until = fresh(connection).rests_until
    return 0.0 if until is None else (until - timezone.now()).total_seconds()


def test_a_scan_listed_twice_is_taken_in_once(listing: Listing, connection: Connection) -> None:
    listing.pages = {
        "": page("a", "b", "a", after="1", more=True),
        "1": page("b", "c", after="2", more=False),
    }
    assert [scan.scan_identifier for scan in discover(connection)] == ["a", "b", "c"]


def test_a_list_that_goes_round_in_circles_is_left(
    listing: Listing, connection: Connection
) -> None:
    listing.pages = {
        "": page("a", after="1", more=True),
        "1": page("b", after="2", more=True),
        "2": page("c", after="1", more=True),
    }
    assert len(discover(connection)) == 3
    assert "circles" in fresh(connection).last_error
    assert listing.count("scans") == 3


def test_an_endless_list_gives_others_their_turn(
    listing: Listing, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(discover_module, "PAGES_AT_ONCE", 4)
    listing.pages = {
        str(n or ""): page(f"scan-{n}", after=str(n + 1), more=True) for n in range(10)
    }
    assert len(discover(connection)) == 4
    assert fresh(connection).cursor == "4"
    assert len(discover(connection)) == 8


def test_a_list_that_breaks_in_the_middle_goes_on_there(
    listing: Listing, connection: Connection
) -> None:
    listing.pages = {"": page("a", after="1", more=True), "1": Response(200, b"<html>")}
    assert len(discover(connection)) == 1
    listing.pages = {"1": page("b", after="2", more=False)}
    with practice_scope(connection.practice_id):
        Connection.objects.update(rests_until=None)
    assert [scan.scan_identifier for scan in discover(connection)] == ["a", "b"]


def test_only_scans_that_are_taken_in_count(listing: Listing, connection: Connection) -> None:
    listing.pages = {
        "": page("a", after="1", more=False),
        "1": page("a", "b", after="2", more=False),
    }
    with practice_scope(connection.practice_id):
        bury(scan=Scan(practice_id=connection.practice_id, scan_identifier="a", key_id=uuid4()))
    assert discover_scans(practice_id=connection.practice_id, connection_id=connection.pk) == 0
    assert discover_scans(practice_id=connection.practice_id, connection_id=connection.pk) == 1


# Rest


def test_a_busy_cluster_is_left_alone_for_as_long_as_it_asks(
    account: Connection, cluster: IsemecoStandIn
) -> None:
    cluster.faults.arm("busy", on="scans", times=None, amount=600)
    for _ in range(5):
        discover(account)
    assert cluster.count("scans") == 1
    assert 590 < rest_of(account) <= 600
    assert "busy" in fresh(account).last_error


@pytest.mark.parametrize(("away", "rest"), [(1, 5), (400, 100), (86400, 300)])
def test_the_longer_a_cluster_is_away_the_longer_the_rest(
    account: Connection, cluster: IsemecoStandIn, away: int, rest: int
) -> None:
    with practice_scope(account.practice_id):
        Connection.objects.update(last_listed_at=timezone.now() - timedelta(seconds=away))
    cluster.faults.arm("unauthorised", on="scans", times=None)
    discover(account)
    assert rest_of(account) == pytest.approx(rest, abs=2)


def test_a_rest_ends_with_the_first_answer(account: Connection, cluster: IsemecoStandIn) -> None:
    cluster.faults.arm("unauthorised", on="scans", times=3)
    discover(account)
    with practice_scope(account.practice_id):
        Connection.objects.update(rests_until=timezone.now())
    discover(account)
    assert (fresh(account).rests_until, fresh(account).last_error) == (None, "")


def test_a_connection_that_leads_nowhere_is_told_of(account: Connection) -> None:
    with practice_scope(account.practice_id):
        Connection.objects.update(base_url="ftp://nowhere.example")
    assert discover(account) == []
    assert "base URL" in fresh(account).last_error


# The pull behind it


def test_an_address_that_ends_in_the_middle_is_renewed_without_a_second_attempt(
    account: Connection, cluster: IsemecoStandIn
) -> None:
    cluster.add_scan(RECORDING)
    (scan,) = discover(account)
    cluster.faults.arm("expired", on="asset", times=1)
    pull_scan(practice_id=scan.practice_id, scan_id=scan.pk)
    with practice_scope(scan.practice_id):
        scan.refresh_from_db()
    assert (scan.state, scan.failures) == (Scan.State.STORED, 0)
    assert set(cluster.downloads(scan.scan_identifier).values()) == {1}
