"""Response headers every page of this application carries."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse


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
