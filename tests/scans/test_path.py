"""From the cluster to a ready scan: once, whole, sealed, and again after a fault."""

import hashlib
import re
from typing import Any

import pytest

from audit.access import record_access
from audit.chain import SYSTEM
from audit.models import Entry
from audit.words import Action, Count
from dermalia.sandbox.face import Capture
from dermalia.sandbox.isemeco import IsemecoStandIn
from dermalia.sandbox.isemeco.captured import File, Recording
from dermalia.sealing import objects
from dermalia.sealing.fields import Sealed
from dermalia.sealing.keys import unlock
from dermalia.tenancy import practice_scope
from practices.models import Practice
from scans.domain.convert import convert_scan
from scans.domain.discover import discover_scans
from scans.domain.pull import pull_scan
from scans.domain.tombstones import bury
from scans.models import Asset, Connection, Identity, Scan
from scans.queries import measurements, person
from tests.conftest import discover, report_of

METRIC_NAMES = {"hydration": "hydration_proxy"}


def pulled(scan: Scan) -> Scan:
    pull_scan(practice_id=scan.practice_id, scan_id=scan.pk)
    with practice_scope(scan.practice_id):
        return Scan.objects.get(pk=scan.pk)


@pytest.fixture
def scan(account: Connection, cluster: IsemecoStandIn, small_capture: Capture) -> Scan:
    cluster.add_scan(small_capture, first_name="Testperson Ä", email="patient@example.org")
    return discover(account)[0]


def test_a_listed_scan_is_taken_in_once(account: Connection, scan: Scan) -> None:
    with practice_scope(account.practice_id):
        Connection.objects.update(cursor="")
    assert discover_scans(practice_id=account.practice_id, connection_id=account.pk) == 0
    assert len(discover(account)) == 1


def test_many_scans_are_taken_in_page_by_page(
    account: Connection, cluster: IsemecoStandIn, small_capture: Capture
) -> None:
    for number in range(105):
        cluster.add_scan(small_capture, scan_id=f"scan-{number:04}")
    assert [scan.scan_identifier for scan in discover(account)] == [
        f"scan-{number:04}" for number in range(105)
    ]


def test_a_pulled_scan_holds_every_file_with_its_checksum(
    scan: Scan, small_capture: Capture
) -> None:
    assert pulled(scan).state == Scan.State.STORED
    expected = {file.name: hashlib.sha256(file.data).digest() for file in small_capture.files}
    with practice_scope(scan.practice_id):
        key = unlock(scan.key_id, access=record_access(Action.SCAN_VIEWED, who=SYSTEM))
        stored = {asset.called(key): bytes(asset.sha256 or b"") for asset in Asset.objects.all()}
        opened = {
            asset.called(key): hashlib.sha256(objects.read_all(key, asset.object_name)).digest()
            for asset in Asset.objects.all()
        }
    assert stored == expected
    assert opened == expected


def test_what_the_device_calls_its_files_is_in_nobody_s_sight(
    scan: Scan, small_capture: Capture
) -> None:
    """A scanner may name its files after the patient."""
    pulled(scan)
    with practice_scope(scan.practice_id):
        names = set(Asset.objects.values_list("name", flat=True))
    assert len(names) == len(small_capture.files)
    assert all(re.fullmatch("[0-9a-f]{32}", name) for name in names)


def test_values_and_identity_come_through_unchanged(scan: Scan, small_capture: Capture) -> None:
    scan = pulled(scan)
    with practice_scope(scan.practice_id):
        key = unlock(scan.key_id, access=record_access(Action.SCAN_VIEWED, who=SYSTEM))
        values = {(m.metric, m.zone): float(m.value) for m in measurements(scan=scan, key=key)}
        somebody = person(scan=scan, key=key)
    assert values == {
        (METRIC_NAMES.get(m.metric, m.metric), m.zone): m.value for m in small_capture.measurements
    }
    assert (somebody.first_name, somebody.email) == ("Testperson Ä", "patient@example.org")


def test_pulling_again_downloads_nothing_again(scan: Scan, cluster: IsemecoStandIn) -> None:
    pulled(scan)
    pulled(scan)
    assert set(cluster.downloads(scan.scan_identifier).values()) == {1}


def test_a_damaged_file_is_not_kept_and_fetched_again(scan: Scan, cluster: IsemecoStandIn) -> None:
    cluster.faults.arm("corrupt", on="asset", times=1)
    failed = pulled(scan)
    assert failed.state == Scan.State.PULLED
    assert "checksum" in failed.last_error
    with practice_scope(scan.practice_id):
        stored = Asset.objects.filter(stored_at__isnull=False).count()
        Scan.objects.update(next_attempt_at=failed.discovered_at)
    assert pulled(scan).state == Scan.State.STORED
    counts = sorted(cluster.downloads(scan.scan_identifier).values())
    assert counts == [1] * (len(counts) - 1) + [2]
    assert stored == 0 or counts.count(1) >= stored


@pytest.mark.parametrize("fault", ["cut", "status", "gateway", "drop", "expired"])
def test_a_faulty_cluster_leaves_a_reason_and_the_next_try_succeeds(
    scan: Scan, cluster: IsemecoStandIn, fault: str
) -> None:
    cluster.faults.arm(fault, on="asset", times=20)
    failed = pulled(scan)
    assert failed.state == Scan.State.PULLED
    assert failed.last_error
    assert failed.leased_until is None
    cluster.faults.clear()
    with practice_scope(scan.practice_id):
        Scan.objects.update(next_attempt_at=failed.discovered_at, quarantined_at=None)
    assert pulled(scan).state == Scan.State.STORED


def test_a_redirect_is_not_followed(scan: Scan, cluster: IsemecoStandIn) -> None:
    cluster.faults.arm("redirect", on="asset", times=20)
    assert pulled(scan).last_error != ""


def test_forbidden_data_leaves_no_trace_but_its_count(scan: Scan, cluster: IsemecoStandIn) -> None:
    cluster.faults.arm("forbidden_keys", on="manifest", times=1)
    pulled(scan)
    with practice_scope(scan.practice_id):
        entry = Entry.objects.get(action=Action.SCAN_PULLED)
    assert entry.counts[Count.DROPPED] > 0


def test_a_scan_without_name_and_address_works(
    account: Connection, cluster: IsemecoStandIn, small_capture: Capture
) -> None:
    cluster.add_scan(small_capture)
    report = report_of(discover(account)[0])
    with practice_scope(account.practice_id):
        identity = Identity.objects.get()
    assert (identity.first_name, identity.email) == (None, None)
    assert report.state == report.State.DRAFT


def test_an_erased_scan_is_never_taken_in_again(account: Connection, scan: Scan) -> None:
    with practice_scope(account.practice_id):
        bury(scan=scan)
        Scan.objects.all().delete()
        Connection.objects.update(cursor="")
    assert discover(account) == []


def test_wrong_credentials_are_shown_on_the_connection(
    account: Connection, cluster: IsemecoStandIn, practice: Practice
) -> None:
    cluster._credentials = ("dermalia", "changed since")
    assert discover(account) == []
    with practice_scope(practice.pk):
        account.refresh_from_db()
    assert "access" in account.last_error.lower() or "credential" in account.last_error.lower()


@pytest.mark.usefixtures("scan")
def test_the_database_holds_no_name_and_no_address(scan: Scan) -> None:
    pulled(scan)
    with practice_scope(scan.practice_id):
        row = Identity.objects.get()
        measured = Scan.objects.get().measurements
    for sealed in (row.first_name, row.email, measured):
        assert isinstance(sealed, Sealed)
        assert b"patient@example.org" not in sealed.data
        assert b"wrinkles" not in sealed.data


def test_conversion_gives_a_model_layers_overlays_and_stills(scan: Scan) -> None:
    report = report_of(scan)
    with practice_scope(scan.practice_id):
        kinds = {a.kind for a in Asset.objects.filter(scan=report.scan, origin="derived")}
    assert kinds == {"model", "layer", "overlay", "still", "zones"}


def test_a_child_starts_while_the_files_come_from_storage(
    scan: Scan, monkeypatch: pytest.MonkeyPatch
) -> None:
    happened: list[str] = []
    read_all = objects.read_all

    def reading(*arguments: Any) -> bytes:
        happened.append("read")
        return read_all(*arguments)

    monkeypatch.setattr("scans.domain.convert.expect", lambda: happened.append("expected"))
    monkeypatch.setattr("scans.domain.convert.objects.read_all", reading)
    pulled(scan)
    convert_scan(practice_id=scan.practice_id, scan_id=scan.pk)
    assert happened[0] == "expected"
    assert set(happened[1:]) == {"read"}


def test_a_broken_mesh_is_set_aside_with_a_reason(
    account: Connection, cluster: IsemecoStandIn
) -> None:
    cluster.add_scan(Recording((File("scan.obj", "mesh", "model/obj", b"v 0 0 0\n"),), ()))
    scan = pulled(discover(account)[0])
    convert_scan(practice_id=scan.practice_id, scan_id=scan.pk)
    with practice_scope(scan.practice_id):
        scan.refresh_from_db()
    assert scan.state == Scan.State.STORED
    assert scan.quarantined_at is not None
    assert scan.last_error
