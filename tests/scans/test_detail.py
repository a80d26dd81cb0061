"""The model in full detail is made when somebody asks, once, and goes with the rest."""

import pytest

from audit.access import record_access
from audit.chain import SYSTEM
from audit.models import Entry
from audit.words import Action
from dermalia.sandbox.face import Capture
from dermalia.sandbox.isemeco import IsemecoStandIn
from dermalia.sealing import objects
from dermalia.sealing.keys import unlock
from dermalia.tenancy import practice_scope
from dermalia.work.lease import claim
from retention.domain.erase import request_erasure
from retention.models import Erasure
from scans.conversion import ConversionError, ErrorCode
from scans.domain import detail as detail_module
from scans.domain.convert import convert_scan
from scans.domain.detail import make_detail, want_detail
from scans.domain.pull import pull_scan
from scans.models import Asset, Connection, Detail, Scan
from tests.conftest import discover


@pytest.fixture
def ready(account: Connection, cluster: IsemecoStandIn, small_capture: Capture) -> Scan:
    cluster.add_scan(small_capture)
    scan = discover(account)[0]
    pull_scan(practice_id=scan.practice_id, scan_id=scan.pk)
    convert_scan(practice_id=scan.practice_id, scan_id=scan.pk)
    return scan


def wanted(scan: Scan) -> Detail:
    with practice_scope(scan.practice_id):
        return want_detail(scan=scan, who=SYSTEM)


def test_the_model_keeps_every_triangle(ready: Scan) -> None:
    detail = wanted(ready)
    make_detail(practice_id=ready.practice_id, detail_id=detail.pk)
    with practice_scope(ready.practice_id):
        detail.refresh_from_db()
        assert detail.state == Detail.State.MADE
        made = Asset.objects.get(scan=ready, kind=Asset.Kind.DETAIL)
        assert made.stored_at
        assert made.media_type == "model/gltf-binary"
        assert Asset.objects.filter(scan=ready, kind=Asset.Kind.MODEL).count() == 1
        key = unlock(ready.key_id, access=record_access(Action.SCAN_VIEWED, who=SYSTEM))
        assert objects.read_all(key, made.object_name)[:4] == b"glTF"
        words = set(Entry.objects.filter(object_id=ready.pk).values_list("action", flat=True))
    assert {"detail.wanted", "detail.made"} <= words


def test_asking_twice_makes_it_once(ready: Scan) -> None:
    assert wanted(ready).pk == wanted(ready).pk
    with practice_scope(ready.practice_id):
        assert Entry.objects.filter(action="detail.wanted").count() == 1


def test_a_conversion_that_fails_tells_why_and_leaves_the_report_alone(
    ready: Scan, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_large(*_: object, **__: object) -> None:
        raise ConversionError(ErrorCode.TOO_LARGE)

    monkeypatch.setattr(detail_module, "convert", too_large)
    detail = wanted(ready)
    make_detail(practice_id=ready.practice_id, detail_id=detail.pk)
    with practice_scope(ready.practice_id):
        detail.refresh_from_db()
        ready.refresh_from_db()
    assert detail.quarantined_at
    assert detail.last_error == ConversionError(ErrorCode.TOO_LARGE).message
    assert ready.state == Scan.State.READY
    assert not ready.last_error


def test_it_is_erased_with_the_scan_and_a_worker_at_it_is_waited_for(ready: Scan) -> None:
    detail = wanted(ready)
    held = claim(Detail, detail.pk, practice_id=ready.practice_id, state=Detail.State.WANTED)
    assert held is not None
    with practice_scope(ready.practice_id):
        erasure = request_erasure(scan=ready, reason=Erasure.Reason.STAFF, who=SYSTEM)
        assert not Detail.objects.exists()
        erasure.refresh_from_db()
        assert erasure.settles_at == held.leased_until
