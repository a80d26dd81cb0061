"""Response headers every page of this application carries."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseBase


class KeepPrivate:
    """Nothing we render may be stored, indexed or passed on by a browser or a proxy (R15, R29).

    Static files are answered before this middleware and stay cacheable, and so does what says
    otherwise itself because it tells nothing.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers.setdefault("X-Robots-Tag", "noindex, nofollow, noarchive")
        response.headers["Permissions-Policy"] = "camera=(), microphone=(), geolocation=()"
        return response


def clear_browser(response: HttpResponseBase) -> None:
    """Have the browser drop pages it holds of us, also those behind its back button.

    Cookies are left: it would take those of every host below our registered name, a report that
    somebody opened here and the admin's session among them. Those of a session are deleted by name.
    """
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
