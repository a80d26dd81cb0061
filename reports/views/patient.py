"""What the holder of a link sees."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import update_wrapper
from typing import Any, Concatenate, ParamSpec
from uuid import UUID

from django.conf import settings
from django.core import signing
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
from dermalia.sealing.keys import unlock
from dermalia.tenancy import practice_scope
from practices.models import Practice
from reports.domain.links import Found, digest, find
from reports.domain.page import build_page
from reports.models import Report
from reports.queries import visible_report
from reports.views.files import derived_file

COOKIE = "report"
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
    """GET shows the gate, or the report once opened; POST opens. GET changes nothing."""
    found = _find(link)
    with practice_scope(found.practice_id):
        report = None if found.gone else visible_report(found.report_id)
        if report is None:
            return _gone(request, found)
        if request.method == "POST":
            return _open(request, report, link)
        if not _has_opened(request, link):
            gate = {"gate": Gate.of(report.practice)} | _languages(request)
            return render(request, "reports/gate.html", gate)
        return _report(request, report, link)


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
        return derived_file(request, scan=report.scan, asset_id=asset_id, who=PATIENT)


def _find(link: str) -> Found:
    found = find(link)
    if found is None:
        raise Http404
    return found


def _report(request: HttpRequest, report: Report, link: str) -> HttpResponse:
    access = record_access(Action.REPORT_VIEWED, who=PATIENT, object_id=report.pk)
    page = build_page(
        scan=report.scan,
        report=report,
        key=unlock(report.scan.key_id, access=access),
        file_url=lambda asset: reverse("reports:patient_file", args=[link, asset.pk]),
    )
    return render(request, "reports/report.html", {"page": page} | _languages(request))


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
