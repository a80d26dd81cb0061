"""The documents of a practice: a list, each to read and to save, and all of them as one file."""

import logging

from django.http import Http404, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.utils.http import content_disposition_header
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from documents.domain.catalogue import KINDS, USES, Form, kind_of
from documents.domain.edition import Edition, edition_of
from documents.domain.files import made
from documents.domain.pack import pack_of
from documents.domain.paper import NotFinal
from documents.domain.practice import stated_by
from practices.access import StaffRequest, practice_page
from reports.pdf import ErrorCode, PdfError

logger = logging.getLogger(__name__)


@require_safe
@practice_page()
def document_list(request: StaffRequest) -> HttpResponse:
    """What there is, what it is for, and what is still to be said before it can be used."""
    stated = stated_by(request.user.practice)
    groups = [
        (label, [(kind, stated.missing(kind)) for kind in KINDS if kind.use is use])
        for use, label in USES.items()
    ]
    context = {
        "practice": stated.practice,
        "groups": groups,
        "acceptance": stated.acceptance,
        "language": _language(),
        "incomplete": any(stated.missing(kind) for kind in KINDS),
    }
    return render(request, "documents/list.html", context)


@require_safe
@practice_page()
def read(request: StaffRequest, key: str, variant: str) -> HttpResponse:
    """The document as a page; where something is missing, what, and where to say it."""
    edition = _edition(request, key, variant)
    context = {"practice": request.user.practice, "edition": edition, "kind": edition.kind}
    return render(request, "documents/read.html", context)


@require_safe
@never_cache
@practice_page()
def download(request: StaffRequest, key: str, variant: str, form: str) -> HttpResponse:
    """The document as a file; a page that says why where there is none."""
    edition = _edition(request, key, variant)
    if form not in edition.kind.forms:
        raise Http404
    try:
        file = made(edition, Form(form))
    except NotFinal:
        context = {"practice": request.user.practice, "edition": edition, "kind": edition.kind}
        return render(request, "documents/read.html", context, status=409)
    except PdfError as error:
        return _not_made(request, error)
    return HttpResponse(file.content, content_type=file.media_type, headers=_saved_as(file.name))


@require_safe
@never_cache
@practice_page()
def pack(request: StaffRequest) -> HttpResponseBase:
    """Everything that is final, as one ZIP."""
    try:
        complete = pack_of(stated_by(request.user.practice), language=_language())
    except PdfError as error:
        return _not_made(request, error)
    return StreamingHttpResponse(
        complete.pieces(), content_type="application/zip", headers=_saved_as(complete.name)
    )


def _edition(request: StaffRequest, key: str, variant: str) -> Edition:
    try:
        kind = kind_of(key)
    except LookupError as error:
        raise Http404 from error
    if variant not in kind.variants:
        raise Http404
    return edition_of(kind, variant, stated_by(request.user.practice))


def _not_made(request: StaffRequest, error: PdfError) -> HttpResponse:
    if error.code == ErrorCode.TOO_MANY_PAGES:
        context = {"practice": request.user.practice}
        return render(request, "documents/too_long.html", context, status=409)
    logger.error("a document could not be typeset: %s %s", error.code, error.where)
    return render(request, "500.html", status=503)


def _saved_as(name: str) -> dict[str, str]:
    return {"Content-Disposition": str(content_disposition_header(True, name))}


def _language() -> str:
    return get_language() or "de"
