"""The one page by which operators change anything: what, why, and for grave acts a passkey."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext

from dermalia.webauthn import PasskeyRefused
from operators.access import OperatorRequest, why
from operators.domain.statements import state
from operators.domain.step_up import Act, ask, confirm
from operators.forms import ReasonForm
from operators.models import Statement
from operators.site import site
from operators.views.challenge import hand_out, take_back

Do = Callable[[dict[str, Any], Statement], None]


class Refused(Exception):
    """It cannot be done; ``str()`` says why, for the page."""


@dataclass(frozen=True, slots=True)
class Doing:
    """An act as its page shows it.

    Attributes:
        act: its name, and what it is done to: what a signature is bound to.
        form: what is typed for it; with a field ``reason``, unless the session's reason is enough.
        do: does it, in the transaction that keeps the reason; raises ``Refused``.
        done: what is said afterwards.
        back: where the page leads, done or not.
        grave: whether a passkey has to be shown for it.
    """

    act: str
    object: str
    title: str
    lead: str
    button: str
    do: Do
    done: str
    back: str
    form: type[forms.BaseForm] = ReasonForm
    initial: dict[str, Any] | None = None
    grave: bool = False


def act_page(request: OperatorRequest, doing: Doing) -> HttpResponse:
    """GET shows what would be done; POST does it.

    Where the act is grave, POST with ``?question`` gives the challenge for what was typed, and
    POST without a signature for exactly that is a 401.
    """
    if request.method != "POST":
        return _page(request, doing, doing.form(initial=doing.initial))
    form = doing.form(request.POST, initial=doing.initial)
    if not form.is_valid():
        return _page(request, doing, form, status=422)
    if doing.grave:
        stopped = _step_up(request, doing, form)
        if stopped is not None:
            return stopped
    try:
        with transaction.atomic():
            doing.do(form.cleaned_data, _reason(request, form))
    except Refused as refused:
        return _page(request, doing, form, refusal=str(refused), status=409)
    messages.success(request, doing.done)
    return HttpResponseRedirect(doing.back)


def _step_up(request: OperatorRequest, doing: Doing, form: forms.BaseForm) -> HttpResponse | None:
    act = Act(doing.act, doing.object, _words(form))
    if "question" in request.GET:
        return hand_out(ask(act, at=request.at))
    answer = request.POST.get("answer", "")
    try:
        confirm(act, at=request.at, answer=answer, challenge=take_back(request))
    except PasskeyRefused:
        refusal = gettext("This needs your passkey, for exactly this. Nothing was done.")
        return _page(request, doing, form, refusal=refusal, status=401)
    return None


def _words(form: forms.BaseForm) -> dict[str, str]:
    """What was typed, as the form understood it: what is signed is what is done."""
    return {name: str(value) for name, value in form.cleaned_data.items()}


def _reason(request: OperatorRequest, form: forms.BaseForm) -> Statement:
    said = form.cleaned_data.get("reason", "")
    return state(by=request.user, text=said) if said else why(request)


def _page(
    request: OperatorRequest,
    doing: Doing,
    form: forms.BaseForm,
    *,
    refusal: str = "",
    status: int = 200,
) -> HttpResponse:
    context = {
        **site.each_context(request),
        "title": doing.title,
        "doing": doing,
        "form": form,
        "refusal": refusal,
    }
    return render(request, "operators/act.html", context, status=status)
