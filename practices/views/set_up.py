"""Setting up a way to sign in: a passkey, or a password with an authenticator app."""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dermalia.qr import qr_svg
from practices.access import StaffRequest, factor_page
from practices.domain.backup_codes import make_codes
from practices.domain.passkeys import PasskeyRefused, add_passkey, ask_for_new
from practices.domain.passwords import set_password
from practices.domain.sessions import end_sessions
from practices.domain.totp import confirm_app, has_app, provisioning_uri, seed_to_set_up
from practices.entrance import let_in
from practices.forms import AppForm, PasskeyForm
from practices.models import StaffSession
from practices.views.challenge import hand_out, take_back


@require_safe
@factor_page()
def set_up(request: StaffRequest) -> HttpResponse:
    """Which factor it shall be."""
    return _page(request)


@require_POST
@factor_page()
def new_passkey_question(request: StaffRequest) -> HttpResponse:
    return hand_out(request, ask_for_new(request.user))


@require_POST
@factor_page()
def add(request: StaffRequest) -> HttpResponse:
    """Keep the passkey that the browser's authenticator made."""
    form = PasskeyForm(request.POST)
    challenge = take_back(request)
    first = not request.seen.session.verified
    if not form.is_valid():
        return _page(request, refused=True)
    name = form.cleaned_data["name"] or _default_name(request)
    try:
        add_passkey(
            user=request.user, name=name, answer=form.cleaned_data["answer"], challenge=challenge
        )
    except PasskeyRefused:
        return _page(request, refused=True)
    if not first:
        return redirect("practices:account")
    let_in(request, request.user, factor=StaffSession.Factor.PASSKEY)
    return redirect("reports:scan_list")


@require_http_methods(["GET", "HEAD", "POST"])
@factor_page()
def app(request: StaffRequest) -> HttpResponse:
    """A password and an app. The backup codes are in the answer to the POST, and nowhere else."""
    if has_app(request.user):
        return redirect("practices:account")
    form = AppForm(request.POST or None)
    if form.is_valid() and _set_up_app(request, form):
        codes = make_codes(request.user)
        let_in(request, request.user, factor=StaffSession.Factor.TOTP)
        return backup_codes_page(request, codes)
    seed = seed_to_set_up(request.user)
    uri = provisioning_uri(request.user, seed)
    context = {
        "practice": request.user.practice,
        "form": form,
        "seed": " ".join(seed[i : i + 4] for i in range(0, len(seed), 4)),
        "uri": uri,
        "qr": qr_svg(uri),
        "first": not request.seen.session.verified,
    }
    return render(request, "practices/app.html", context, status=422 if form.is_bound else 200)


def backup_codes_page(request: StaffRequest, codes: list[str]) -> HttpResponse:
    """The one time that these codes can be read."""
    context = {"practice": request.user.practice, "codes": codes}
    return render(request, "practices/backup_codes.html", context)


def _set_up_app(request: StaffRequest, form: AppForm) -> bool:
    """Both or nothing; what was wrong is told in the form."""
    try:
        with transaction.atomic():
            set_password(request.user, form.cleaned_data["password"])
            if not confirm_app(request.user, form.cleaned_data["code"]):
                raise _CodeRefused
            # A new password ends them anyway; now the list of devices says so, too.
            end_sessions(request.user, by=request.user, but=request.seen.session)
    except ValidationError as weak:
        form.add_error("password", weak)
    except _CodeRefused:
        form.add_error("code", gettext("This code does not fit. Please type the newest one."))
    return form.is_valid()


class _CodeRefused(Exception):
    """Rolls the password back."""


def _page(request: StaffRequest, *, refused: bool = False) -> HttpResponse:
    context = {
        "practice": request.user.practice,
        "email": request.user.email,
        "refused": refused,
        "first": not request.seen.session.verified,
        "has_app": has_app(request.user),
        "device": _default_name(request),
    }
    return render(request, "practices/set_up.html", context, status=403 if refused else 200)


def _default_name(request: StaffRequest) -> str:
    session = request.seen.session
    return f"{session.get_browser_display()}, {session.get_device_display()}"
