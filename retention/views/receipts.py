"""The practice's erasures, each with its receipt as a page, a document and data."""

import logging
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from audit.chain import record
from audit.words import Action
from dermalia.tenancy import practice_scope
from practices.access import StaffRequest, practice_page
from practices.domain.staff import staff
from reports.pdf import PdfError, typeset
from retention.domain.receipt import Receipt, as_json, as_source, receipt_of
from retention.models import Erasure
from retention.queries import PAGE, erasures

logger = logging.getLogger(__name__)


@require_safe
@practice_page()
def erasure_list(request: StaffRequest) -> HttpResponse:
    """Every erasure, newest first, by pages that begin where the last one ended."""
    after = _erasure(request.GET.get("after", ""))
    found = list(erasures(after=after)[: PAGE + 1])
    more = len(found) > PAGE
    here = reverse("retention:erasures")
    context = {
        "practice": request.user.practice,
        "erasures": found[:PAGE],
        "next_url": f"{here}?after={found[PAGE - 1].pk}" if more else "",
    }
    return render(request, "retention/erasures.html", context)


@require_safe
@practice_page()
def receipt(request: StaffRequest, erasure_id: UUID) -> HttpResponse:
    """The receipt: it fills itself in while the erasure completes."""
    erasure = get_object_or_404(Erasure.objects.select_related("practice"), pk=erasure_id)
    context = {
        "practice": request.user.practice,
        "erasure": erasure,
        "receipt": receipt_of(erasure),
        "overdue": _overdue(erasure),
    }
    return render(request, "retention/receipt.html", context)


@require_safe
@practice_page(own_scope=True)
def receipt_pdf(request: StaffRequest, erasure_id: UUID) -> HttpResponse:
    """The receipt as a document, in the language of the page it was asked for on.

    It opens the scope itself: typesetting takes a second and is no part of a transaction.
    """
    with practice_scope(request.user.practice_id):
        found = _taken(request, erasure_id)
        source = as_source(found)
    try:
        document = typeset(source)
    except PdfError as error:
        logger.error("No PDF of receipt %s: %s %s", erasure_id, error.code, error.where)
        return render(request, "500.html", status=503)
    return _file(document, "application/pdf", f"{found.file_name}.pdf")


@require_safe
@practice_page()
def receipt_json(request: StaffRequest, erasure_id: UUID) -> HttpResponse:
    found = _taken(request, erasure_id)
    return _file(as_json(found), "application/json", f"{found.file_name}.json")


def _taken(request: StaffRequest, erasure_id: UUID) -> Receipt:
    erasure = get_object_or_404(Erasure.objects.select_related("practice"), pk=erasure_id)
    record(Action.RECEIPT_TAKEN, who=staff(request.user), object_id=erasure.pk)
    return receipt_of(erasure)


def _file(content: bytes, media_type: str, name: str) -> HttpResponse:
    disposition = content_disposition_header(as_attachment=True, filename=name)
    headers: dict[str, Any] = {"Content-Disposition": disposition}
    return HttpResponse(content, content_type=media_type, headers=headers)


def _overdue(erasure: Erasure) -> bool:
    limit = timedelta(seconds=settings.ERASURE_LIMIT_SECONDS)
    return erasure.verified_at is None and timezone.now() - erasure.requested_at > limit


def _erasure(number: str) -> Erasure | None:
    try:
        return Erasure.objects.filter(pk=UUID(number)).first()
    except ValueError:
        return None
