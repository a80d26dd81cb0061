"""The finished file: sealed beside the scan's others, made once, and erased with them."""

from datetime import timedelta

import pytest

from audit.chain import OPERATOR
from dermalia.sealing import objects
from dermalia.tenancy import practice_scope
from reports.models import Report
from reports.pdf import ErrorCode, PdfError, cache
from reports.pdf.cache import ReportGone, Wanted, look_up, obtain
from retention.domain.erase import complete_erasure, request_erasure
from retention.models import Erasure
from scans.models import Asset, Scan
from tests.reports.pdf.conftest import opened


def wanted(report: Report, language: str = "de") -> Wanted:
    with practice_scope(report.practice_id):
        report = Report.objects.select_related("scan__practice").get(pk=report.pk)
        key = opened(report)
        return look_up(scan=report.scan, report=report, key=key, language=language)


def kept(report: Report) -> list[Asset]:
    with practice_scope(report.practice_id):
        return list(Asset.objects.filter(kind=Asset.Kind.PDF).order_by("name"))


@pytest.fixture(autouse=True)
def is_quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the file says is tested elsewhere; here it only has to be one."""
    monkeypatch.setattr(cache, "typeset", lambda source: b"%PDF-1.7 " + source.digest())


def test_it_is_sealed_under_the_reports_key(report: Report) -> None:
    asked = wanted(report)
    asset = obtain(asked)
    assert objects.read_all(asked.key, asset.object_name).startswith(b"%PDF-1.7 ")
    assert b"%PDF" not in objects._fetch(asset.object_name).read()
    assert asset.object_name.startswith(f"{report.scan.prefix}/")


def test_it_is_made_once(report: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    asset = obtain(wanted(report))
    monkeypatch.setattr(cache, "typeset", lambda _: pytest.fail("made again"))
    assert obtain(wanted(report)) == asset


def test_each_language_has_its_own(report: Report) -> None:
    assert obtain(wanted(report, "de")) != obtain(wanted(report, "en"))
    assert [asset.name[:12] for asset in kept(report)] == ["document-de-", "document-en-"]


def test_another_due_date_makes_it_anew_and_leaves_nothing_of_the_old(report: Report) -> None:
    before, other = obtain(wanted(report)), obtain(wanted(report, "en"))
    with practice_scope(report.practice_id):
        assert report.due_on is not None
        Report.objects.filter(pk=report.pk).update(due_on=report.due_on + timedelta(days=1))
    after = obtain(wanted(report))
    stored = set(objects.list_prefix(report.scan.prefix))
    assert kept(report) == [after, other]
    assert after.object_name in stored
    assert before.object_name not in stored


def test_its_name_tells_nothing_to_whoever_lacks_the_key(report: Report) -> None:
    asked = wanted(report)
    name = obtain(asked).name
    assert asked.document.source(asked.key).digest().hex()[:8] not in name


def test_what_cannot_be_made_leaves_nothing_behind(
    report: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: object) -> bytes:
        raise PdfError(ErrorCode.TIMEOUT)

    before = objects.list_prefix(report.scan.prefix)
    monkeypatch.setattr(cache, "typeset", fail)
    with pytest.raises(PdfError):
        obtain(wanted(report))
    assert kept(report) == []
    assert objects.list_prefix(report.scan.prefix) == before


def test_it_is_erased_with_the_report(report: Report) -> None:
    asset = obtain(wanted(report))
    erase(report)
    assert kept(report) == []
    assert not objects.list_prefix(asset.object_name.partition("/")[0])


def test_an_erasure_meanwhile_leaves_no_object(report: Report) -> None:
    asked = wanted(report)
    erase(report)
    with pytest.raises(ReportGone):
        obtain(asked)
    assert objects.is_empty(report.scan.prefix)


def test_an_erasure_while_it_is_typeset_leaves_no_object(
    report: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    def erase_first(_: object) -> bytes:
        erase(report)
        return b"%PDF-1.7 "

    monkeypatch.setattr(cache, "typeset", erase_first)
    with pytest.raises(ReportGone):
        obtain(wanted(report))
    assert objects.is_empty(report.scan.prefix)


def test_a_picture_that_got_lost_is_not_taken_for_an_erasure(report: Report) -> None:
    asked = wanted(report)
    objects.delete_prefix(report.scan.prefix)
    with pytest.raises(FileNotFoundError):
        obtain(asked)


def erase(report: Report) -> None:
    with practice_scope(report.practice_id):
        scan = Scan.objects.get(pk=report.scan_id)
        erasure = request_erasure(scan=scan, reason=Erasure.Reason.STAFF, who=OPERATOR)
    complete_erasure(practice_id=report.practice_id, erasure_id=erasure.pk)
