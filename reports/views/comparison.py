"""Two reports of a series beside each other, for the holder of a link and for the practice.

Pictures are served here and nowhere else in their comparison: every one of them bears its mark.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
)
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse, translate_url
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods, require_safe

from audit.access import Look, record_access
from audit.chain import PATIENT, Who
from audit.words import Action
from dermalia.clients import client_address
from dermalia.sealing import objects
from dermalia.sealing.keys import UnlockedKey, unlock
from dermalia.tenancy import practice_scope
from practices.access import StaffRequest, practice_page
from practices.domain.sign_in import staff
from reports.domain import comparison_words as words
from reports.domain.comparison import Pair, build_comparison, choose, refusal
from reports.domain.links import digest
from reports.domain.series import shown_to_patient, shown_to_staff
from reports.domain.visits import count, visit
from reports.domain.watermark import MEDIA_TYPE, marked
from reports.models import Report, Tally
from reports.queries import visible_report
from reports.views.files import send_file
from reports.views.holder import find_or_404, opened, secret_address
from reports.views.series import change_series, series_context
from reports.wording import NOTICE, VIEWS
from scans.models import Asset


@dataclass(frozen=True, slots=True)
class Reader:
    """Who compares, from which report, and what this person may see of its series.

    Attributes:
        members: what may be shown, oldest capture first.
        look: what the log says of a report this person looks at.
        file_url: the same-origin address of a file for this person, without parameters.
    """

    who: Who
    members: list[Report]
    look: Callable[[Report], Look]
    file_url: Callable[[Asset], str]

    def pair(self, request: HttpRequest) -> Pair | None:
        """The two that the address asks for; see ``choose``."""
        first, second = (_uuid(request.GET.get(name, "")) for name in ("first", "second"))
        return choose(self.members, first, second)


@require_safe
@secret_address
def patient_comparison(request: HttpRequest, link: str) -> HttpResponseBase:
    """The comparison for a browser that opened the link; any other is sent to the gate."""
    found = find_or_404(link)
    gate = HttpResponseRedirect(reverse("reports:patient", args=[link]))
    if opened(request, link) is None:
        return gate
    with practice_scope(found.practice_id):
        agent = request.headers.get("User-Agent", "")
        if visit(digest(link), address=client_address(request), agent=agent) is None:
            return gate
        report = Report.objects.select_related("scan", "practice").get(pk=found.report_id)
        context = _context(request, _holder(report, link))
        context |= {"practice": report.practice, "back_url": gate.url} | _languages(request)
        return render(request, "reports/comparison.html", context)


@require_safe
@secret_address
def patient_comparison_file(request: HttpRequest, link: str, asset_id: UUID) -> HttpResponseBase:
    """A marked still or a model of the pair in the address: 410 when this report is gone, 403 when
    it was not opened here, 404 for a file that is not of two comparable reports of its series."""
    found = find_or_404(link)
    with practice_scope(found.practice_id):
        report = None if found.gone else visible_report(found.report_id)
        if report is None:
            return HttpResponse(status=410)
        if opened(request, link) is None:
            return HttpResponse(status=403)
        asset, response = _send(request, _holder(report, link), asset_id)
        if report.practice.counts_use and asset.kind == Asset.Kind.MODEL:
            count(Tally.What.MODEL, practice_id=found.practice_id)
        return response


@require_http_methods(["GET", "HEAD", "POST"])
@practice_page()
def scan_comparison(request: StaffRequest, scan_id: UUID) -> HttpResponse:
    """GET compares for the practice; POST changes which reports it linked with this one."""
    report = _report_of(scan_id)
    mistakes = change_series(request, report) if request.method == "POST" else None
    if request.method == "POST" and mistakes is None:
        return redirect("reports:scan_comparison", scan_id)
    context = _context(request, _colleague(request, report)) | series_context(report, mistakes)
    context |= {
        "practice": request.user.practice,
        "back_url": reverse("reports:scan_detail", args=[scan_id]),
        "may_write": request.user.may_write,
    }
    status = 422 if mistakes else 200
    return render(request, "reports/scan_comparison.html", context, status=status)


@require_safe
@practice_page()
def scan_comparison_file(request: StaffRequest, scan_id: UUID, asset_id: UUID) -> HttpResponseBase:
    return _send(request, _colleague(request, _report_of(scan_id)), asset_id)[1]


def _holder(report: Report, link: str) -> Reader:
    return Reader(
        who=PATIENT,
        members=shown_to_patient(report),
        look=lambda each: Look(Action.REPORT_VIEWED, each.pk),
        file_url=lambda file: reverse("reports:patient_comparison_file", args=[link, file.pk]),
    )


def _colleague(request: StaffRequest, report: Report) -> Reader:
    return Reader(
        who=staff(request.user),
        members=shown_to_staff(report),
        look=lambda each: Look(Action.SCAN_VIEWED, each.scan_id),
        file_url=lambda file: reverse(
            "reports:scan_comparison_file", args=[report.scan_id, file.pk]
        ),
    )


def _report_of(scan_id: UUID) -> Report:
    return get_object_or_404(Report.objects.select_related("scan", "practice"), scan_id=scan_id)


def _context(request: HttpRequest, reader: Reader) -> dict[str, Any]:
    """What both pages show: the comparison, or the reason why there is none, and the choice."""
    pair = reader.pair(request)
    context: dict[str, Any] = {
        "members": reader.members if len(reader.members) > 2 else [],
        "pair": pair,
    }
    if pair is None:
        return context | {"reason": words.SAME if len(reader.members) > 1 else words.NOTHING}
    if reason := refusal(pair):
        return context | {"reason": words.DIFFERENCES[reason]}
    comparison = build_comparison(
        pair=pair,
        keys={report.scan.key_id: _opened(reader, report) for report in pair.reports},
        file_url=lambda file: f"{reader.file_url(file)}?{pair.query}",
    )
    return context | {"comparison": comparison, "notice": NOTICE}


def _opened(reader: Reader, report: Report) -> UnlockedKey:
    """The report's key; the look is entered for each of the two."""
    look = reader.look(report)
    access = record_access(look.action, who=reader.who, object_id=look.object_id)
    return unlock(report.scan.key_id, access=access)


def _send(request: HttpRequest, reader: Reader, asset_id: UUID) -> tuple[Asset, HttpResponseBase]:
    """A file of the pair in the address, stills with their mark; 404 for any other."""
    pair = reader.pair(request)
    if pair is None or refusal(pair):
        raise Http404
    report, asset = _file_of(pair, asset_id)
    look, key_id = reader.look(report), report.scan.key_id
    if asset.kind == Asset.Kind.MODEL:
        return asset, send_file(request, asset, key_id=key_id, who=reader.who, part_of=look)
    access = record_access(Action.FILE_VIEWED, who=reader.who, object_id=asset.pk, part_of=look)
    picture = objects.read_all(unlock(key_id, access=access), asset.object_name)
    response = HttpResponse(marked(picture, pair.mark(report.scan)), content_type=MEDIA_TYPE)
    response.headers["Content-Disposition"] = "inline"
    return asset, response


def _file_of(pair: Pair, asset_id: UUID) -> tuple[Report, Asset]:
    shown = [Asset.Kind.STILL, Asset.Kind.MODEL]
    scans = [report.scan_id for report in pair.reports]
    asset = get_object_or_404(
        Asset,
        pk=asset_id,
        scan__in=scans,
        kind__in=shown,
        metric="",
        view__in=["", *VIEWS],
        origin=Asset.Origin.DERIVED,
        stored_at__isnull=False,
    )
    return pair.reports[scans.index(asset.scan_id)], asset


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _languages(request: HttpRequest) -> dict[str, Any]:
    return {
        "language_links": [
            (code, label, translate_url(request.get_full_path(), code), code == get_language())
            for code, label in settings.LANGUAGES
        ]
    }
