"""All that is stored of somebody, as a ZIP file for the practice to hand over (R73, R76)."""

import logging
from uuid import UUID

from django.http import Http404, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from audit.access import record_access
from audit.words import Action
from dermalia.sealing.keys import UnlockedKey, unlock
from dermalia.tenancy import practice_scope
from practices.access import StaffRequest, practice_page
from practices.domain.sign_in import staff
from practices.models import Language
from reports.domain.bundle import Missing, Part, enclosed, entries, parts_of
from reports.domain.zipped import zipped
from reports.models import Case, Report
from reports.pdf import PdfError
from reports.pdf.cache import ReportGone, Wanted, look_up, obtain
from reports.pdf.document import Letterhead
from reports.views.rights import refuse_restricted
from scans.models import Asset

logger = logging.getLogger(__name__)
BUNDLED = (Case.Kind.ACCESS, Case.Kind.PORTABILITY)


@require_safe
@practice_page(writes=True, own_scope=True)
def case_bundle(request: StaffRequest, case_id: UUID) -> HttpResponseBase:
    """The files of a case that asks for them; with ``?fhir`` also as a FHIR bundle.

    It opens the scope itself: two documents may have to be typeset, which is no part of a
    transaction that others of the practice wait for.
    """
    with practice_scope(request.user.practice_id):
        report, key = _opened(request, case_id)
        wanted = {
            language: look_up(
                scan=report.scan,
                report=report,
                key=key,
                language=language,
                letterhead=Letterhead(
                    accent=report.practice.accent, logo=bytes(report.practice.logo or b"")
                ),
            )
            for language in Language.values
        }
    documents, missing = _typeset(wanted)
    with practice_scope(request.user.practice_id):
        files = parts_of(
            scan=report.scan,
            report=report,
            key=key,
            documents=documents,
            as_fhir="fhir" in request.GET,
        )
    return _sent([*enclosed(), *files], key, missing)


def _opened(request: StaffRequest, case_id: UUID) -> tuple[Report, UnlockedKey]:
    case = get_object_or_404(
        Case.objects.select_related("report__scan__practice", "report__practice"), pk=case_id
    )
    report: Report | None = case.report
    if report is None or case.kind not in BUNDLED:
        raise Http404
    refuse_restricted(report.scan)
    access = record_access(Action.BUNDLE_TAKEN, who=staff(request.user), object_id=case.pk)
    return report, unlock(report.scan.key_id, access=access)


def _typeset(wanted: dict[str, Wanted]) -> tuple[dict[str, Asset], list[Missing]]:
    """The documents by language; one that cannot be made is named and keeps nothing back."""
    documents, missing = {}, []
    for language, document in wanted.items():
        try:
            documents[language] = obtain(document)
        except ReportGone as error:
            raise Http404 from error
        except PdfError as error:
            logger.error("No PDF of scan %s: %s %s", document.scan.pk, error.code, error.where)
            missing.append(Missing(f"report-{language}.pdf", "not_made"))
    return documents, missing


def _sent(parts: list[Part], key: UnlockedKey, missing: list[Missing]) -> HttpResponseBase:
    now = timezone.localtime()
    response = StreamingHttpResponse(
        zipped(entries(parts, key=key, missing=missing), at=now), content_type="application/zip"
    )
    word = gettext("Data")  # tells neither who nor what
    response.headers["Content-Disposition"] = str(
        content_disposition_header(as_attachment=True, filename=f"{word}-{now:%Y-%m-%d}.zip")
    )
    return response
