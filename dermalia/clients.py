"""Where a request came from."""

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str:
    """The address of the browser, or of the proxy that hides it.

    Only so many entries of X-Forwarded-For are believed, from the right, as there are proxies of
    our own in front of us (``DERMALIA_PROXIES``); everything to their left is the client's word.
    """
    nearest: str = request.META.get("REMOTE_ADDR", "")
    if not settings.PROXIES:
        return nearest
    forwarded = request.headers.get("X-Forwarded-For", "").split(",")
    return forwarded[-settings.PROXIES].strip() if len(forwarded) >= settings.PROXIES else nearest
