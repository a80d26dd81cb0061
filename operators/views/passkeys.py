"""An operator's own passkeys: two are needed, and a third before one of them goes."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from audit.chain import record
from audit.words import Action
from dermalia.clients import client_of
from dermalia.webauthn import PasskeyRefused
from operators.access import OperatorRequest, operator_page, signed_in_page
from operators.domain.log import no_practice, operator
from operators.domain.passkeys import TooFewPasskeys, add_passkey, ask_for_new, remove_passkey
from operators.domain.sessions import PASSKEYS_NEEDED, let_enrol
from operators.domain.step_up import Act, ask, confirm
from operators.models import OperatorPasskey
from operators.views.challenge import hand_out, take_back
from operators.views.door import let_in


@require_safe
@signed_in_page
def passkeys(request: OperatorRequest) -> HttpResponse:
    """What the operator comes in with, and what is missing."""
    return _page(request)


@require_POST
@signed_in_page
def new_question(request: OperatorRequest) -> HttpResponse:
    if not _may_enrol(request):
        return HttpResponse(status=403)
    return hand_out(ask_for_new(request.user))


@require_POST
@signed_in_page
def add(request: OperatorRequest) -> HttpResponseBase:
    if not _may_enrol(request):
        return _page(request, status=403)
    name = request.POST.get("name", "").strip() or str(client_of(request).device.label)
    answer = request.POST.get("answer", "")
    try:
        add_passkey(who=request.user, name=name, answer=answer, challenge=take_back(request))
    except PasskeyRefused:
        refusal = gettext("This passkey was not accepted. Please try again.")
        return _page(request, refusal=refusal, status=403)
    response = redirect("passkeys")
    if request.at.session.by_link and request.at.passkeys + 1 >= PASSKEYS_NEEDED:
        # The link has done its work; who made two passkeys has shown them.
        response = redirect("admin:index")
        let_in(request, response, request.user)
        with no_practice():
            me = operator(request.user)
            record(Action.ADMIN_SIGNED_IN, who=me, object_id=request.user.handle)
    return response


@require_POST
@signed_in_page
def unlock(request: OperatorRequest) -> HttpResponseBase:
    """Show a passkey to be allowed to add another one, for five minutes."""
    return _confirmed(request, Act("passkey.add", str(request.user.handle), {})) or _unlocked(
        request
    )


@require_http_methods(["POST"])
@operator_page
def remove(request: OperatorRequest, passkey_id: UUID) -> HttpResponseBase:
    found = get_object_or_404(OperatorPasskey, pk=passkey_id, operator=request.user)
    stopped = _confirmed(request, Act("passkey.remove", str(found.pk), {}))
    if stopped is not None:
        return stopped
    try:
        remove_passkey(who=request.user, passkey_id=found.pk)
    except TooFewPasskeys:
        refusal = gettext("Two passkeys have to be left. Please add another one first.")
        return _page(request, refusal=refusal, status=409)
    messages.success(request, gettext("The passkey is removed."))
    return redirect("passkeys")


def _confirmed(request: OperatorRequest, act: Act) -> HttpResponse | None:
    """None where the act was signed; otherwise the question, or the page with a refusal."""
    if "question" in request.GET:
        return hand_out(ask(act, at=request.at))
    answer = request.POST.get("answer", "")
    try:
        confirm(act, at=request.at, answer=answer, challenge=take_back(request))
    except PasskeyRefused:
        refusal = gettext("This passkey was not accepted. Please try again.")
        return _page(request, refusal=refusal, status=401)
    return None


def _unlocked(request: OperatorRequest) -> HttpResponse:
    let_enrol(request.at.session)
    return redirect("passkeys")


def _may_enrol(request: OperatorRequest) -> bool:
    """By a link, or after showing a passkey for it just now."""
    return request.at.enrols


def _page(request: OperatorRequest, *, refusal: str = "", status: int = 200) -> HttpResponse:
    held = list(OperatorPasskey.objects.filter(operator=request.user).order_by("created_at"))
    context = {
        "passkeys": held,
        "missing": max(0, PASSKEYS_NEEDED - len(held)),
        "enrols": request.at.enrols,
        "inside": request.at.equipped,
        "refusal": refusal,
        "unlock_url": reverse("unlock_passkeys"),
    }
    return render(request, "operators/passkeys.html", context, status=status)
