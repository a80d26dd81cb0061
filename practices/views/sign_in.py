"""Coming in and going out."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from audit.chain import record
from audit.words import Action
from dermalia.clients import client_address, network_of
from dermalia.headers import clear_browser
from practices.access import StaffRequest, practice_page
from practices.domain.attempts import Paused, count_try, give_back, passkeys
from practices.domain.passkeys import PasskeyRefused, ask_anybody, check_passkey
from practices.domain.sign_in import LinkRefused, match_password, redeem_link, staff
from practices.entrance import let_in, let_out
from practices.forms import PasskeyForm, SignInForm
from practices.models import SignInLink, StaffSession
from practices.views.back import language_links, way_back
from practices.views.challenge import hand_out, take_back


@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """GET offers a passkey first; POST takes address, password and code together."""
    form = SignInForm(request.POST or None)
    if request.method != "POST":
        return _page(request, form)
    if not form.is_valid():
        return _page(request, form, status=422)
    try:
        matched = match_password(
            email=form.cleaned_data["email"],
            password=form.cleaned_data["password"],
            code=form.cleaned_data["code"],
            network_name=_network(request),
        )
    except Paused as pause:
        return _paused(request, form, pause)
    if matched is None:
        refusal = gettext("These details do not match. Please check all three.")
        return _page(request, form, refusal=refusal, status=403)
    user, factor, failures = matched
    let_in(request, user, factor=factor, failures=failures)
    if factor == StaffSession.Factor.BACKUP_CODE:
        # Whoever needs one has lost their app and wants to set up another.
        return redirect("practices:account")
    return redirect(way_back(request))


@require_POST
def passkey_question(request: HttpRequest) -> HttpResponse:
    """A challenge for any passkey of this host."""
    return hand_out(request, ask_anybody())


@require_POST
def passkey_sign_in(request: HttpRequest) -> HttpResponse:
    form = PasskeyForm(request.POST)
    counter = passkeys(_network(request))
    try:
        count_try(counter)
    except Paused as pause:
        return _paused(request, SignInForm(), pause)
    try:
        user = check_passkey(answer=form.data.get("answer", ""), challenge=take_back(request))
    except PasskeyRefused:
        refusal = gettext("This passkey was not accepted. Please try again.")
        return _page(request, SignInForm(), refusal=refusal, status=403)
    give_back(counter)
    let_in(request, user, factor=StaffSession.Factor.PASSKEY)
    return redirect(way_back(request))


@require_http_methods(["GET", "HEAD", "POST"])
def enter(request: HttpRequest, secret: str) -> HttpResponse:
    """GET shows a button only: mail scanners follow links. POST lets in."""
    if request.method != "POST":
        return render(request, "practices/enter.html")
    try:
        link = redeem_link(secret=secret)
    except LinkRefused:
        return render(request, "practices/enter.html", {"refused": True}, status=403)
    if link.kind == SignInLink.Kind.DEMO:
        let_in(request, link.user, factor=StaffSession.Factor.DEMO)
        return redirect("reports:scan_list")
    let_in(request, link.user, factor="")
    return redirect("practices:set_up")


@require_safe
def signed_out(request: HttpRequest) -> HttpResponse:
    return render(request, "practices/signed_out.html")


@require_POST
@practice_page(while_locked=True)
def sign_out(request: StaffRequest) -> HttpResponse:
    record(Action.STAFF_SIGNED_OUT, who=staff(request.user))
    let_out(request)
    response = redirect("practices:signed_out")
    clear_browser(response)
    return response


def _page(
    request: HttpRequest, form: SignInForm, *, refusal: str = "", status: int = 200
) -> HttpResponse:
    context = {
        "form": form,
        "refusal": refusal,
        "next": way_back(request) if "next" in request.GET or "next" in request.POST else "",
        "with_password": form.is_bound,
        "language_links": language_links(request),
    }
    return render(request, "practices/sign_in.html", context, status=status)


def _paused(request: HttpRequest, form: SignInForm, pause: Paused) -> HttpResponse:
    refusal = gettext("There were too many tries. Please wait a little and try again.")
    response = _page(request, form, refusal=refusal, status=429)
    response["Retry-After"] = str(pause.seconds)
    return response


def _network(request: HttpRequest) -> str:
    return network_of(client_address(request))
