"""The page of one scan."""

from operator import itemgetter
from uuid import UUID

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.views.decorators.http import require_safe

from audit.access import Look, record_access
from audit.models import Entry
from audit.words import Action
from dermalia.sealing.keys import UnlockedKey, unlock
from practices.access import StaffRequest, practice_page
from practices.domain.sign_in import staff
from reports import wording
from reports.domain.due import due_why
from reports.domain.page import Page, build_page
from reports.models import Case, Delivery, Report
from reports.views.course import course_context
from reports.views.delivery import delivery_context
from reports.views.detail import detail_context
from reports.views.files import derived_asset, send_file
from reports.views.moments import Moment, moment
from reports.views.preparing import preparing_context
from reports.views.rights import refuse_restricted, rights_context
from scans.models import Asset, Scan
from scans.notes import NOTES
from scans.queries import Person, person, stored

ENTRIES, RECENT = 50, 12  # of the log: in all, and before one asks for them


@require_safe
@practice_page()
def scan_detail(request: StaffRequest, scan_id: UUID) -> HttpResponse:
    """One scan: where it is, what is stored, who did what, and what the patient sees."""
    scan = get_object_or_404(Scan.objects.select_related("practice"), pk=scan_id)
    report = Report.objects.select_related("practice").filter(scan=scan).first()
    if report is not None:
        report.scan = scan  # several parts of the page ask the report for it
    deliveries = list(Delivery.objects.filter(report=report)) if report else []
    access = record_access(Action.SCAN_VIEWED, who=staff(request.user), object_id=scan.pk)
    key = unlock(scan.key_id, access=access)
    restricted = report is not None and report.restricted_at is not None
    known = Person("", "") if restricted else person(scan=scan, key=key)
    files = list(stored(scan=scan))
    shown = ENTRIES if "log" in request.GET else RECENT
    entries = _entries(scan, report, shown + 1)
    context = {
        "practice": request.user.practice,
        "scan": scan,
        "scan_identifier": scan.scan_identifier,
        "report": report,
        **course_context(request, scan, report, deliveries),
        "files": _files(files, key),
        "notes": [NOTES[note] for note in scan.notes if note in NOTES],
        "audit": entries[:shown],
        "audit_older": len(entries) > shown == RECENT,
        "page": None if restricted else _page(request, scan, report, key, known, files),
        **detail_context(request, scan),
        **rights_context(request, report, key),
        **delivery_context(request, report, deliveries, key, known),
        **preparing_context(request, scan, report, key, known),
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
        file_url=lambda asset: reverse("reports:scan_file", args=[scan.pk, asset.pk]),
        in_detail=request.GET.get("model") == "detail",
        known=known,
        files=[file for file in files if file.origin == Asset.Origin.DERIVED],
    )


def _files(files: list[Asset], key: UnlockedKey) -> list[tuple[str, str, str]]:
    named = sorted(((file.origin, file.called(key), file) for file in files), key=itemgetter(0, 1))
    kinds = {kind.value: str(kind.label) for kind in Asset.Kind}
    return [(name, kinds[file.kind], filesizeformat(file.bytes)) for _, name, file in named]


def _entries(scan: Scan, report: Report | None, count: int) -> list[tuple[Moment, str, str]]:
    told = [scan.pk]
    if report is not None:
        told += [report.pk, *Case.objects.filter(report=report).values_list("pk", flat=True)]
    entries = Entry.objects.filter(object_id__in=told).order_by("-sequence")[:count]
    return [
        (
            moment(entry.at),
            str(wording.ACTIONS.get(entry.action, entry.action)),
            str(wording.ACTORS[entry.actor]),
        )
        for entry in entries
    ]
