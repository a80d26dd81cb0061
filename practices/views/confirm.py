"""Showing a factor again before an act that is hard to undo."""

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST

from practices.access import StaffRequest, practice_page
from practices.domain.attempts import Paused, account, count_try, forget
from practices.domain.passkeys import PasskeyRefused, ask, check_passkey
from practices.domain.sessions import refresh_session
from practices.domain.sign_in import take_code
from practices.domain.totp import has_app
from practices.forms import CodeForm, PasskeyForm
from practices.models import Passkey, StaffSession
from practices.views.back import way_back
from practices.views.challenge import hand_out, take_back


@require_http_methods(["GET", "HEAD", "POST"])
@practice_page(while_locked=True)
def confirm(request: StaffRequest) -> HttpResponse:
    """GET asks; POST takes a code of the app."""
    form = CodeForm(request.POST or None)
    if request.method != "POST":
        return _page(request, form)
    if not form.is_valid():
        return _page(request, form, status=422)
    counter = account(request.user.email)
    try:
        count_try(counter)
    except Paused as pause:
        refusal = gettext("There were too many tries. Please wait a little and try again.")
        response = _page(request, form, refusal=refusal, status=429)
        response["Retry-After"] = str(pause.seconds)
        return response
    if take_code(request.user, form.cleaned_data["code"]) != StaffSession.Factor.TOTP:
        refusal = gettext("This code does not fit. Please type the newest one.")
        return _page(request, form, refusal=refusal, status=403)
    forget(counter)
    return _go_on(request)


@require_POST
@practice_page(while_locked=True)
def confirm_question(request: StaffRequest) -> HttpResponse:
    """A challenge for one of the user's own passkeys."""
    return hand_out(request, ask(request.user))


@require_POST
@practice_page(while_locked=True)
def confirm_passkey(request: StaffRequest) -> HttpResponse:
    form, challenge = PasskeyForm(request.POST), take_back(request)
    try:
        check_passkey(answer=form.data.get("answer", ""), challenge=challenge, user=request.user)
    except PasskeyRefused:
        refusal = gettext("This passkey was not accepted. Please try again.")
        return _page(request, CodeForm(), refusal=refusal, status=403)
    return _go_on(request)


def _go_on(request: StaffRequest) -> HttpResponseRedirect:
    refresh_session(request.seen.session, user=request.user)
    return HttpResponseRedirect(way_back(request))


def _page(
    request: StaffRequest, form: CodeForm, *, refusal: str = "", status: int = 200
) -> HttpResponse:
    context = {
        "practice": request.user.practice,
        "form": form,
        "refusal": refusal,
        "next": way_back(request),
        "has_passkey": Passkey.objects.filter(user=request.user).exists(),
        "has_app": has_app(request.user),
    }
    return render(request, "practices/confirm.html", context, status=status)
