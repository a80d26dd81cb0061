"""The certificate, and before it the progress: for whoever has its address.

There is nobody left to sign in when it is complete. The address is random, and the page holds
counts and the practice's name.
"""

import logging
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import content_disposition_header
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from closing.domain.certificate import Certificate, as_json, as_source, certificate_of
from closing.models import Everything
from dermalia.tenancy import practice_scope
from reports.pdf import PdfError, typeset

logger = logging.getLogger(__name__)


@require_safe
@never_cache
def certificate(request: HttpRequest, practice_id: int, certificate_id: UUID) -> HttpResponse:
    """How far it is; then the certificate. While it is under way the page looks again by itself."""
    with practice_scope(practice_id):
        found = _found(certificate_id)
        context = {
            "certificate": found,
            "order": found.order,
            "practice": found.order.practice,
        }
        return render(request, "closing/certificate.html", context)


@require_safe
@never_cache
def certificate_pdf(request: HttpRequest, practice_id: int, certificate_id: UUID) -> HttpResponse:
    """As a document, in the language of the page."""
    with practice_scope(practice_id):
        found = _complete(certificate_id)
        source = as_source(found)
    try:
        document = typeset(source)
    except PdfError as error:
        logger.error("No PDF of certificate %s: %s %s", found.order.pk, error.code, error.where)
        return render(request, "500.html", status=503)
    return _file(document, "application/pdf", f"{found.file_name}.pdf")


@require_safe
@never_cache
def certificate_json(_: HttpRequest, practice_id: int, certificate_id: UUID) -> HttpResponse:
    with practice_scope(practice_id):
        found = _complete(certificate_id)
        return _file(as_json(found), "application/json", f"{found.file_name}.json")


def _found(certificate_id: UUID) -> Certificate:
    orders = Everything.objects.select_related("practice")
    order = orders.filter(certificate_id=certificate_id).first()
    if order is None:
        raise Http404
    return certificate_of(order)


def _complete(certificate_id: UUID) -> Certificate:
    found = _found(certificate_id)
    if not found.done:
        raise Http404
    return found


def _file(content: bytes, media_type: str, name: str) -> HttpResponse:
    disposition = content_disposition_header(as_attachment=True, filename=name)
    headers = {"Content-Disposition": str(disposition)}
    return HttpResponse(content, content_type=media_type, headers=headers)
