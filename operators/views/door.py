"""Coming in and going out. There is no password here, and no other way."""

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST

from audit.chain import record
from audit.words import Action
from dermalia.clients import client_address, client_of, network_of
from dermalia.webauthn import PasskeyRefused
from operators.access import OperatorRequest, signed_in_page, way_back
from operators.domain.links import LinkRefused, WaitsForColleague, redeem_link
from operators.domain.log import no_practice, operator
from operators.domain.passkeys import ask_anybody, check_passkey
from operators.domain.sessions import end_session, open_session
from operators.hosts import COOKIE, SESSION_COOKIE, forget_session
from operators.models import Operator
from operators.views.challenge import hand_out, take_back
from practices.domain.attempts import Counter, Paused, count_try, give_back, passkeys


@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """GET offers the passkey; POST takes its answer, and nothing else."""
    if request.method != "POST":
        return _sign_in_page(request)
    counter = _counter(request)
    try:
        count_try(counter)
        who = check_passkey(answer=request.POST.get("answer", ""), challenge=take_back(request))
    except Paused as pause:
        refusal = gettext("There were too many tries. Please wait a little and try again.")
        response = _sign_in_page(request, refusal=refusal, status=429)
        response["Retry-After"] = str(pause.seconds)
        return response
    except PasskeyRefused:
        refusal = gettext("This passkey was not accepted. Please try again.")
        return _sign_in_page(request, refusal=refusal, status=403)
    give_back(counter)
    with no_practice():
        response = redirect(way_back(request))
        let_in(request, response, who)
        record(Action.ADMIN_SIGNED_IN, who=operator(who), object_id=who.handle)
    return response


@require_POST
def question(_request: HttpRequest) -> HttpResponse:
    """A challenge for any passkey of the admin's host."""
    return hand_out(ask_anybody())


@require_http_methods(["GET", "HEAD", "POST"])
def enter(request: HttpRequest, secret: str) -> HttpResponse:
    """GET shows a button only; POST uses the link up and leads to making passkeys."""
    if request.method != "POST":
        return render(request, "operators/enter.html")
    counter = _counter(request)
    try:
        count_try(counter)
        who = redeem_link(secret=secret)
    except WaitsForColleague:
        return render(request, "operators/enter.html", {"waits": True}, status=403)
    except (LinkRefused, Paused):
        return render(request, "operators/enter.html", {"refused": True}, status=403)
    give_back(counter)
    response = redirect("passkeys")
    let_in(request, response, who, by_link=True)
    return response


@require_POST
@signed_in_page
def sign_out(request: OperatorRequest) -> HttpResponseBase:
    with no_practice():
        end_session(request.at.session)
        record(Action.ADMIN_SIGNED_OUT, who=operator(request.user), object_id=request.user.handle)
    response = redirect("sign_in")
    forget_session(response)
    return response


def let_in(
    request: HttpRequest, response: HttpResponse, who: Operator, *, by_link: bool = False
) -> None:
    """Open a session under a new secret; what this browser had before ends."""
    at = getattr(request, "at", None)
    if at is not None:
        end_session(at.session)
    secret = open_session(operator=who, client=client_of(request), by_link=by_link)
    response.set_cookie(SESSION_COOKIE, secret, **COOKIE)  # type: ignore[arg-type]


def _sign_in_page(request: HttpRequest, *, refusal: str = "", status: int = 200) -> HttpResponse:
    context = {"refusal": refusal, "next": way_back(request)}
    return render(request, "operators/sign_in.html", context, status=status)


def _counter(request: HttpRequest) -> Counter:
    return passkeys(f"admin/{network_of(client_address(request))}")
