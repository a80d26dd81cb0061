"""The page of one scan."""

from collections.abc import Iterable
from datetime import datetime
from functools import cache
from operator import itemgetter
from uuid import UUID

from django.db.models import UUIDField
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_safe

from audit.access import Look, record_access
from audit.models import Entry
from audit.words import Action
from dermalia.sealing.keys import UnlockedKey, unlock
from dermalia.tenancy.statements import Among, Figures
from practices.access import StaffRequest, practice_page
from practices.domain.sign_in import staff
from reports import wording
from reports.domain.due import due_why
from reports.domain.page import FileUrl, Page, build_page
from reports.domain.surroundings import surroundings
from reports.models import Case, Delivery, Report
from reports.views.course import course_context
from reports.views.delivery import delivery_context
from reports.views.detail import detail_context
from reports.views.files import derived_asset, send_file
from reports.views.moments import moment
from reports.views.preparing import preparing_context
from reports.views.rights import refuse_restricted, rights_context
from scans.models import Asset, Scan
from scans.notes import NOTES
from scans.queries import Person, opened_person, stored

ENTRIES, RECENT = 50, 12  # of the log: in all, and before one asks for them
LINE = '<li><time datetime="{}">{}</time><span>{}</span><span class="soft">{}</span></li>'
ROW = "<tr><td>{}</td><td>{}</td><td>{}</td></tr>"
NOT_YET = str(UUID(int=0))  # stands in an address for each file's own
Told = tuple[datetime, str, str]  # when, what and who, as the log has it


@require_safe
@practice_page()
def scan_detail(request: StaffRequest, scan_id: UUID) -> HttpResponse:
    """One scan: where it is, what is stored, who did what, and what the patient sees."""
    around = surroundings(scan_id, practice=request.user.practice)
    if around is None:
        raise Http404
    scan, report, beside = around.scan, around.report, around.beside
    deliveries = list(Delivery.objects.filter(report=report)) if beside.deliveries else []
    cases = list(Case.objects.filter(report=report).order_by("opened_at")) if beside.cases else []
    access = record_access(Action.SCAN_VIEWED, who=staff(request.user), object_id=scan.pk)
    key = unlock(scan.key_id, access=access)
    restricted = report is not None and report.restricted_at is not None
    known = Person("", "") if restricted else opened_person(around.identity, key=key)
    files = stored(scan=scan)
    shown = ENTRIES if "log" in request.GET else RECENT
    told_of = [each.pk for each in (scan, report, *cases) if each]
    entries: list[Told] = _latest(shown + 1).rows(told_of=told_of)
    context = {
        "practice": request.user.practice,
        "scan": scan,
        "scan_identifier": scan.scan_identifier,
        "report": report,
        **course_context(request, scan, report, deliveries),
        "files": files,
        "file_rows": _file_rows(files, key) if "files" in request.GET else "",
        "notes": [NOTES[note] for note in scan.notes if note in NOTES],
        "log": _log(entries[:shown]),
        "audit_older": len(entries) > shown == RECENT,
        "page": None if restricted else _page(request, scan, report, key, known, files),
        **detail_context(request, scan, around.detail),
        **rights_context(request, report, key, cases, visited=beside.visits),
        **delivery_context(request, report, deliveries, beside.live_links, key, known),
        **preparing_context(request, scan, report, key, known, corrected=beside.corrections),
        "due_on": report.due_on if report else scan.due_on,
        "due_why": due_why(report),
        "erase_url": f"{request.path}erase/" if request.user.may_write else "",
    }
    return render(request, "reports/scan_detail.html", context)


@require_safe
@practice_page()
def scan_file(request: StaffRequest, scan_id: UUID, asset_id: UUID) -> HttpResponseBase:
    scan = get_object_or_404(Scan, pk=scan_id)
    refuse_restricted(scan)
    asset = derived_asset(scan=scan, asset_id=asset_id)
    look = Look(Action.SCAN_VIEWED, scan.pk)
    return send_file(request, asset, key_id=scan.key_id, who=staff(request.user), part_of=look)


def _page(
    request: StaffRequest,
    scan: Scan,
    report: Report | None,
    key: UnlockedKey,
    known: Person,
    files: list[Asset],
) -> Page | None:
    if scan.state != Scan.State.READY:
        return None
    return build_page(
        scan=scan,
        report=report,
        key=key,
        file_url=_file_urls(scan),
        in_detail=request.GET.get("model") == "detail",
        known=known,
        files=[file for file in files if file.origin == Asset.Origin.DERIVED],
    )


def _file_urls(scan: Scan) -> FileUrl:
    """What gives a file's address; it is looked up once for all of them."""
    address = reverse("reports:scan_file", args=[scan.pk, NOT_YET])
    return lambda asset: address.replace(NOT_YET, str(asset.pk))


def _file_rows(files: list[Asset], key: UnlockedKey) -> SafeString:
    """Name, kind and size of each file, those from the scanner last."""
    named = sorted(((file.origin, file.called(key), file) for file in files), key=itemgetter(0, 1))
    kinds = {kind.value: str(kind.label) for kind in Asset.Kind}
    return _filled(
        ROW, ((name, kinds[file.kind], filesizeformat(file.bytes)) for _, name, file in named)
    )


@cache
def _latest(count: int) -> Figures:
    """When, what and who of the latest entries about any of what is given."""
    return Figures(
        lambda: (
            Entry.objects.filter(Among("object_id", "told_of", UUIDField()))
            .order_by("-sequence")
            .values_list("at", "action", "actor")[:count]
        )
    )


def _log(entries: list[Told]) -> SafeString:
    """When, what and who, a line for each."""
    lines = (
        (*moment(at), wording.ACTIONS.get(action, action), wording.ACTORS[actor])
        for at, action, actor in entries
    )
    return _filled(LINE, lines)


def _filled(pattern: str, rows: Iterable[Iterable[object]]) -> SafeString:
    """The pattern for each row, everything escaped, whatever it calls itself."""
    return mark_safe("".join(pattern.format(*map(escape, row)) for row in rows))  # noqa: S308
