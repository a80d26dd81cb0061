"""Two hosts, two worlds: which pages, cookies and users there are follows from the name asked for.

On the admin's host there is no staff session and no staff user, whatever cookie is sent, and on
any other host there is no operator.
"""

from collections.abc import Callable
from typing import TypeGuard
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse

from dermalia.headers import clear_browser
from operators.domain.sessions import At, see_session
from operators.models import Operator

URLCONF = "operators.urls"
SESSION_COOKIE = "__Host-dermalia-admin"
CSRF_COOKIE = "__Host-dermalia-admin-csrf"
# Browsers take such a cookie over TLS only, and from this machine's own names.
COOKIE = {"path": "/", "secure": True, "httponly": True, "samesite": "Strict"}

GetResponse = Callable[[HttpRequest], HttpResponse]


class AdminRequest(HttpRequest):
    """A request on the admin's host."""

    at: At | None
    user: Operator | AnonymousUser  # type: ignore[assignment]  # another world than staff's


def is_admin_host(request: HttpRequest) -> bool:
    """Whether the request came for the admin. The port tells nothing: one name, one world."""
    host = urlsplit(f"//{request.get_host()}").hostname
    return bool(settings.ADMIN_HOST) and host == settings.ADMIN_HOST


def on_admin(request: HttpRequest) -> TypeGuard[AdminRequest]:
    return getattr(request, "urlconf", None) == URLCONF


class AdminHost:
    """Gives the admin's host its own addresses, and keeps cookies of staff away from it."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not is_admin_host(request):
            return self.get_response(request)
        request.urlconf = URLCONF
        _take_off(request)
        response = self.get_response(request)
        _put_on(response)
        return response


class WhoIsAtTheAdmin:
    """Puts the operator of this browser's session, or nobody, in the place of the user."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not on_admin(request):
            return self.get_response(request)
        secret = request.COOKIES.get(SESSION_COOKIE, "")
        request.at = see_session(secret)
        request.user = request.at.operator if request.at else AnonymousUser()
        response = self.get_response(request)
        if secret and request.at is None and SESSION_COOKIE not in response.cookies:
            forget_session(response)
        return response


def forget_session(response: HttpResponse) -> None:
    """The session has ended: what the browser still holds of it goes, too."""
    response.delete_cookie(SESSION_COOKIE, path="/", samesite="Strict")
    clear_browser(response)


def _take_off(request: HttpRequest) -> None:
    """Django's middleware finds the admin's CSRF cookie under its own name, and no session."""
    request.COOKIES.pop(settings.SESSION_COOKIE_NAME, None)
    request.COOKIES.pop(settings.CSRF_COOKIE_NAME, None)
    if CSRF_COOKIE in request.COOKIES:
        request.COOKIES[settings.CSRF_COOKIE_NAME] = request.COOKIES.pop(CSRF_COOKIE)


def _put_on(response: HttpResponse) -> None:
    response.cookies.pop(settings.SESSION_COOKIE_NAME, None)
    made = response.cookies.pop(settings.CSRF_COOKIE_NAME, None)
    if made is not None:
        response.set_cookie(CSRF_COOKIE, made.value, **COOKIE)  # type: ignore[arg-type]
