"""Exports of a practice, prepared and taken as bytes."""

import io
from zipfile import ZipFile

import pytest

from audit.chain import OPERATOR
from dermalia.sandbox.face import Capture
from dermalia.sandbox.isemeco import IsemecoStandIn
from dermalia.tenancy import practice_scope
from exports.domain.prepare import prepare_export, want_export
from exports.domain.serve import send
from exports.models import Export
from practices.models import Practice, User
from reports.models import Report
from reports.pdf import Source
from scans.models import Connection
from tests.conftest import discover, report_of

PDF = b"%PDF-1.7\n% typeset for a test of something else\n"


@pytest.fixture(autouse=True)
def quick_documents(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a document looks like matters to none of these tests."""

    def typeset(source: Source) -> bytes:
        return PDF + source.digest().hex().encode()

    monkeypatch.setattr("reports.pdf.cache.typeset", typeset)


@pytest.fixture
def two_scans(
    report: Report, account: Connection, cluster: IsemecoStandIn, small_capture: Capture
) -> tuple[Report, Report]:
    """Two released reports of the practice; the second person gave no name."""
    cluster.add_scan(small_capture)
    return report, report_of(discover(account)[1])


def prepared(practice: Practice, user: User | None = None) -> Export:
    """An export that is ready."""
    with practice_scope(practice.pk):
        export = want_export(practice_id=practice.pk, user=user)
    return finished(export)


def finished(export: Export, *, seconds: float = 60.0) -> Export:
    """The same once it is ready, prepared in slices of so many seconds."""
    for _ in range(20):
        prepare_export(practice_id=export.practice_id, export_id=export.pk, seconds=seconds)
        with practice_scope(export.practice_id):
            again = Export.objects.select_related("practice", "user").get(pk=export.pk)
        assert again.last_error == ""
        if again.state == Export.State.READY:
            return again
    raise AssertionError("it never was ready")


def taken(export: Export, start: int = 0, stop: int | None = None) -> bytes:
    """Bytes of an export, as its reader gets them."""
    stop = export.length if stop is None else stop
    return b"".join(send(export, who=OPERATOR, start=start, stop=stop))


def opened(data: bytes) -> ZipFile:
    return ZipFile(io.BytesIO(data))
