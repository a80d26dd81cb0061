"""Whoever holds a link: what their browser is told, and how it shows that it opened the link."""

from collections.abc import Callable
from functools import update_wrapper
from typing import Concatenate, ParamSpec

from django.conf import settings
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase

from reports.domain.links import Found, digest, find

COOKIE = "report"
# Bound to this host and to https, except on one's own machine, where there is none.
COOKIE_NAME = f"__Host-{COOKIE}" if settings.SESSION_COOKIE_SECURE else COOKIE
P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def secret_address(view: View[P]) -> View[P]:
    """The page's own address is a secret: browsers pass it on to nobody, not even to us."""

    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        response = view(request, *args, **kwargs)
        response.headers["Referrer-Policy"] = "no-referrer"
        return response

    return update_wrapper(guarded, view)


def find_or_404(link: str) -> Found:
    """Where the link leads, also when what was there is gone."""
    found = find(link)
    if found is None:
        raise Http404
    return found


def remember_opened(response: HttpResponse, link: str, *, practice_id: int) -> None:
    """Give the browser the one cookie of these pages: that it opened this link, for an hour."""
    response.set_cookie(
        COOKIE_NAME,
        signing.TimestampSigner(salt=COOKIE).sign(f"{practice_id}/{digest(link).hex()}"),
        max_age=settings.REPORT_COOKIE_SECONDS,
        httponly=True,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )


def opened(request: HttpRequest, link: str) -> int | None:
    """The practice whose report this browser has opened by this link; None if it has not."""
    signer = signing.TimestampSigner(salt=COOKIE)
    try:
        value = signer.unsign(
            request.COOKIES.get(COOKIE_NAME, ""), max_age=settings.REPORT_COOKIE_SECONDS
        )
    except signing.BadSignature:
        return None
    practice_id, _, opened_link = value.partition("/")
    return int(practice_id) if opened_link == digest(link).hex() else None
