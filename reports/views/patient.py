"""What the holder of a link sees."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import update_wrapper
from typing import Any, Concatenate, ParamSpec
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.db.models.functions import Coalesce, Now
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse, translate_url
from django.utils.translation import get_language
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from audit.access import record_access
from audit.chain import PATIENT, record
from audit.words import Action
from dermalia.clients import client_address
from dermalia.sealing.keys import unlock
from dermalia.tenancy import practice_scope
from practices.models import Practice
from reports.domain.links import Found, digest, find
from reports.domain.page import build_page
from reports.domain.visits import count, visit
from reports.models import Report, Tally
from reports.queries import visible_report
from reports.views.files import derived_asset, send_file
from reports.views.remembered import Page, RememberedPages
from scans.models import Asset

COOKIE = "report"
PAGES = RememberedPages()
P = ParamSpec("P")


View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def secret_address(view: View[P]) -> View[P]:
    """The page's own address is a secret: browsers pass it on to nobody, not even to us."""

    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        response = view(request, *args, **kwargs)
        response.headers["Referrer-Policy"] = "no-referrer"
        return response

    return update_wrapper(guarded, view)


@dataclass(frozen=True, slots=True)
class Gate:
    """What may be shown to anybody who has the address: nothing about health."""

    practice_name: str
    practice_contact: str

    @classmethod
    def of(cls, practice: Practice) -> "Gate":
        return cls(practice.name, practice.phone or practice.email)


@csrf_exempt  # whoever can forge this request knows the link; and a token would be a cookie
@require_http_methods(["GET", "HEAD", "POST"])
@secret_address
def patient(request: HttpRequest, link: str) -> HttpResponseBase:
    """GET shows the gate, or the report once opened; POST opens. GET opens nothing."""
    if request.method == "GET" and _has_opened(request, link):
        return _look_again(request, link) or _look(request, link)
    found = _find(link)
    with practice_scope(found.practice_id):
        report = None if found.gone else visible_report(found.report_id)
        if report is None:
            return _gone(request, found)
        if request.method == "POST":
            return _open(request, report, link)
        gate = {"gate": Gate.of(report.practice)} | _languages(request)
        return render(request, "reports/gate.html", gate)


@require_safe
@secret_address
def patient_file(request: HttpRequest, link: str, asset_id: UUID) -> HttpResponseBase:
    """A file of an opened report."""
    found = _find(link)
    with practice_scope(found.practice_id):
        report = None if found.gone else visible_report(found.report_id)
        if report is None:
            return HttpResponse(status=410)
        if not _has_opened(request, link):
            return HttpResponse(status=403)
        asset = derived_asset(scan=report.scan, asset_id=asset_id)
        if asset.kind == Asset.Kind.MODEL and report.practice.counts_use:
            count(Tally.What.MODEL, practice_id=found.practice_id)
        return send_file(request, asset, scan=report.scan, who=PATIENT)


def _find(link: str) -> Found:
    found = find(link)
    if found is None:
        raise Http404
    return found


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
    found = _find(link)
    with practice_scope(found.practice_id):
        state = _visit(request, link)
        if state is None:
            return _gone(request, found)
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
    content = build_page(
        scan=report.scan,
        report=report,
        key=unlock(report.scan.key_id, access=access),
        file_url=lambda asset: reverse("reports:patient_file", args=[link, asset.pk]),
    )
    body = render(request, "reports/report.html", {"page": content} | _languages(request)).content
    tallies = _tallies(report) if report.practice.counts_use else ()
    return Page(body, found.practice_id, state, tallies)


def _tallies(report: Report) -> tuple[Tally.What, ...]:
    if get_language() == report.language:
        return (Tally.What.PAGE,)
    return (Tally.What.PAGE, Tally.What.LANGUAGE)


def _open(request: HttpRequest, report: Report, link: str) -> HttpResponse:
    Report.objects.filter(pk=report.pk).update(opened_at=Coalesce("opened_at", Now()))
    record(Action.REPORT_OPENED, who=PATIENT, object_id=report.pk)
    response = HttpResponseRedirect(request.path)
    response.status_code = 303
    response.set_cookie(
        COOKIE,
        signing.TimestampSigner(salt=COOKIE).sign(digest(link).hex()),
        max_age=settings.REPORT_COOKIE_SECONDS,
        httponly=True,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )
    return response


def _has_opened(request: HttpRequest, link: str) -> bool:
    signer = signing.TimestampSigner(salt=COOKIE)
    try:
        value = signer.unsign(
            request.COOKIES.get(COOKIE, ""), max_age=settings.REPORT_COOKIE_SECONDS
        )
    except signing.BadSignature:
        return False
    return value == digest(link).hex()


def _gone(request: HttpRequest, found: Found) -> HttpResponse:
    practice = Practice.objects.get(pk=found.practice_id)
    context = {"gate": Gate.of(practice)} | _languages(request)
    return render(request, "reports/gone.html", context, status=410)


def _languages(request: HttpRequest) -> dict[str, Any]:
    return {
        "language_links": [
            (code, label, translate_url(request.path, code), code == get_language())
            for code, label in settings.LANGUAGES
        ]
    }
