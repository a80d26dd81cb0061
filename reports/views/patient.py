"""What the holder of a link sees."""

from uuid import UUID

from django.db import transaction
from django.db.models.functions import Coalesce, Now
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from audit.access import Look, record_access
from audit.chain import PATIENT, record
from audit.words import Action
from dermalia.clients import client_address
from dermalia.sealing.keys import unlock
from dermalia.tenancy import practice_scope
from reports.domain.codes import check_code
from reports.domain.links import Found, digest
from reports.domain.page import build_page
from reports.domain.privacy import privacy_facts
from reports.domain.series import has_followups
from reports.domain.visits import count, visit
from reports.models import Report, Tally
from reports.queries import visible_file, visible_report
from reports.views.files import send_file
from reports.views.gate import languages, show_gate, show_gone, typed_code
from reports.views.holder import find_or_404, opened, remember_opened, secret_address
from reports.views.remembered import Page, RememberedPages
from scans.models import Asset
from scans.queries import person

PAGES = RememberedPages()


@csrf_exempt  # whoever can forge this request knows the link; and a token would be a cookie
@require_http_methods(["GET", "HEAD", "POST"])
@secret_address
def patient(request: HttpRequest, link: str) -> HttpResponseBase:
    """GET shows the gate, or the report once opened; POST opens. GET opens nothing."""
    if request.method == "GET" and opened(request, link) is not None:
        return _look_again(request, link) or _look(request, link)
    found = find_or_404(link)
    with practice_scope(found.practice_id):
        report = None if found.gone else visible_report(found.report_id)
        if report is None:
            return show_gone(request, found.practice_id)
        if request.method == "POST":
            return _open(request, report, link)
        return show_gate(request, report)


@require_safe
@secret_address
def patient_file(request: HttpRequest, link: str, asset_id: UUID) -> HttpResponseBase:
    """A file of an opened report: 410 when that is gone, 403 when it was not opened here."""
    practice_id = opened(request, link)
    if practice_id is None:
        found = find_or_404(link)
        with practice_scope(found.practice_id):
            shown = not found.gone and visible_report(found.report_id)
            return HttpResponse(status=403 if shown else 410)
    with practice_scope(practice_id):
        file = visible_file(digest(link), asset_id)
        if file is None:
            return _no_such_file(link)
        if file.counts_use and file.asset.kind == Asset.Kind.MODEL:
            count(Tally.What.MODEL, practice_id=practice_id)
        look = Look(Action.REPORT_VIEWED, file.report_id)
        return send_file(request, file.asset, key_id=file.key_id, who=PATIENT, part_of=look)


def _no_such_file(link: str) -> HttpResponse:
    found = find_or_404(link)
    if found.gone or visible_report(found.report_id) is None:
        return HttpResponse(status=410)
    raise Http404


def _look_again(request: HttpRequest, link: str) -> HttpResponse | None:
    """The page as it was rendered a moment ago, unless anything of it has changed since."""
    page = PAGES.get((digest(link), str(get_language())))
    if page is None:
        return None
    with practice_scope(page.practice_id):
        if _visit(request, link) != page.state:
            transaction.set_rollback(True)  # the look is noted when the page is rendered anew
            return None
        count(*page.tallies, practice_id=page.practice_id)
    return HttpResponse(page.body)


def _look(request: HttpRequest, link: str) -> HttpResponse:
    found = find_or_404(link)
    with practice_scope(found.practice_id):
        state = _visit(request, link)
        if state is None:
            return show_gone(request, found.practice_id)
        page = _rendered(request, found, link, state)
        count(*page.tallies, practice_id=found.practice_id)
    PAGES.put((digest(link), str(get_language())), page)
    return HttpResponse(page.body)


def _visit(request: HttpRequest, link: str) -> str | None:
    agent = request.headers.get("User-Agent", "")
    return visit(digest(link), address=client_address(request), agent=agent)


def _rendered(request: HttpRequest, found: Found, link: str, state: str) -> Page:
    report = Report.objects.select_related("scan", "practice").get(pk=found.report_id)
    access = record_access(Action.REPORT_VIEWED, who=PATIENT, object_id=report.pk)
    key = unlock(report.scan.key_id, access=access)
    known = person(scan=report.scan, key=key)
    content = build_page(
        scan=report.scan,
        report=report,
        key=key,
        file_url=lambda asset: reverse("reports:patient_file", args=[link, asset.pk]),
        pdf_url=reverse("reports:patient_pdf", args=[link]),
        known=known,
    )
    context = {
        "page": content,
        "privacy": privacy_facts(report=report, person=known),
        "privacy_url": reverse("reports:patient_privacy", args=[link]),
        "compare_url": reverse("reports:patient_comparison", args=[link])
        if has_followups(report)
        else "",
    }
    body = render(request, "reports/report.html", context | languages(request)).content
    tallies = _tallies(report) if report.practice.counts_use else ()
    return Page(body, found.practice_id, state, tallies)


def _tallies(report: Report) -> tuple[Tally.What, ...]:
    if get_language() == report.language:
        return (Tally.What.PAGE,)
    return (Tally.What.PAGE, Tally.What.LANGUAGE)


def _open(request: HttpRequest, report: Report, link: str) -> HttpResponse:
    if report.code_digest is not None:
        typed = typed_code(request)
        answer = check_code(report=report, typed=typed) if typed else None
        if answer is None or not answer.right:
            until = answer.locked_until if answer else None
            return show_gate(request, report, refused=True, locked_until=until)
    Report.objects.filter(pk=report.pk).update(opened_at=Coalesce("opened_at", Now()))
    record(Action.REPORT_OPENED, who=PATIENT, object_id=report.pk)
    response = HttpResponseRedirect(request.path)
    response.status_code = 303
    remember_opened(response, link, practice_id=report.practice_id)
    return response
