"""Reading the agreement with its annexes, accepting it, and having it on paper."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import get_language, gettext
from django.views.decorators.http import require_http_methods, require_safe

from dermalia.clients import client_of
from onboarding.domain.acceptance import NotAcceptable, Signing, accept, accepted, newer_waits
from onboarding.domain.particulars import particulars_of
from onboarding.domain.texts import current_text, current_texts, is_genuine
from onboarding.forms import AgreementForm
from onboarding.models import Acceptance, LegalText
from practices.access import StaffRequest, fresh_factor, practice_page
from reports.pdf import PdfError

OPENED = "texts_opened"


@require_http_methods(["GET", "HEAD", "POST"])
@practice_page(owners=True)
@fresh_factor
def agreement(request: StaffRequest) -> HttpResponse:
    """The three texts, which of them were opened, and the form to accept them all."""
    if request.method != "POST":
        return _page(request, AgreementForm())
    form = AgreementForm(request.POST)
    if not form.is_valid():
        return _page(request, form, status=422)
    try:
        accept(_signing(request, form))
    except NotAcceptable:
        problem = gettext("Please name who may sign, open all three texts, and tick both boxes.")
        return _page(request, form, problem=problem, status=422)
    except PdfError:
        problem = gettext("The document could not be made. Nothing was accepted; please try again.")
        return _page(request, form, problem=problem, status=503)
    messages.success(request, gettext("The agreement is in force. Your copy is below."))
    return redirect("onboarding:agreement")


@require_safe
@practice_page()
def read(request: StaffRequest, kind: str) -> HttpResponse:
    """A text in full: in force for the practice by ``?accepted``, else the newest edition."""
    if kind not in LegalText.Kind:
        raise Http404
    held = accepted() if "accepted" in request.GET else None
    text = getattr(held, kind) if held else current_text(kind, _language())
    digest = bytes(text.digest).hex()
    if not held:
        opened = set(request.session.get(OPENED, []))
        request.session[OPENED] = sorted(opened | {digest})
    context = {"practice": request.user.practice, "text": text, "digest": digest}
    return render(request, "onboarding/text.html", context)


@require_safe
@practice_page()
def accepted_texts(request: StaffRequest, acceptance_id: UUID) -> HttpResponse:
    """What was accepted, as it was stored then, in its language, whatever is in force now."""
    rows = Acceptance.objects.select_related("agreement", "measures", "processors")
    row = get_object_or_404(rows.defer("document"), pk=acceptance_id)
    texts = [
        {"text": text, "digest": bytes(text.digest).hex(), "genuine": is_genuine(text)}
        for text in (row.agreement, row.measures, row.processors)
    ]
    context = {
        "practice": request.user.practice,
        "row": row,
        "texts": texts,
        "document_digest": bytes(row.document_digest).hex(),
    }
    return render(request, "onboarding/accepted.html", context)


@require_safe
@practice_page()
def document(_request: StaffRequest, acceptance_id: UUID) -> HttpResponse:
    """The accepted agreement as it was made on that day."""
    row = get_object_or_404(Acceptance, pk=acceptance_id)
    name = f"dermalia-agreement-{row.accepted_at:%Y-%m-%d}.pdf"
    return HttpResponse(
        bytes(row.document),
        content_type="application/pdf",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _signing(request: StaffRequest, form: AgreementForm) -> Signing:
    return Signing(
        user=request.user,
        language=_language(),
        factor=request.seen.session.factor,
        network=client_of(request).network,
        digests=frozenset(request.session.get(OPENED, [])),
        authorised=form.cleaned_data["authorised"],
        secrecy=form.cleaned_data["secrecy"],
    )


def _page(
    request: StaffRequest, form: AgreementForm, *, problem: str = "", status: int = 200
) -> HttpResponse:
    opened, held = set(request.session.get(OPENED, [])), accepted()
    texts = [
        {"text": text, "opened": bytes(text.digest).hex() in opened}
        for text in current_texts(_language()).values()
    ]
    context: dict[str, Any] = {
        "practice": request.user.practice,
        "stated": particulars_of(request.user.practice),
        "form": form,
        "problem": problem,
        "texts": texts,
        "all_opened": all(each["opened"] for each in texts),
        "held": held,
        "to_accept": held is None or newer_waits(),
        "earlier": Acceptance.objects.select_related("agreement")
        .defer("document")
        .order_by("-accepted_at"),
    }
    return render(request, "onboarding/agreement.html", context, status=status)


def _language() -> str:
    return get_language() or "de"
