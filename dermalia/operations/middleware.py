"""Around every request: an id that its log lines carry, and how long it took."""

import time
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

from dermalia.operations.logs import context
from dermalia.operations.metrics import counters

HEADER = "X-Request-ID"
Answer = Callable[[HttpRequest], HttpResponseBase]
# Whatever word a client uses for what it wants, there are no more series than these.
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Watch:
    """Names the request and times it until its first byte; first of all middleware.

    A proxy's id is taken only where a proxy of ours is in front, and only if it is well-formed.
    """

    def __init__(self, get_response: Answer) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        given = request.headers.get(HEADER, "") if settings.PROXIES else ""
        request_id = context.enter_request(given)
        began = time.perf_counter()
        response = self._get_response(request)
        counters.REQUESTS.labels(
            view=_view(request),
            method=request.method if request.method in METHODS else "other",
            status=f"{response.status_code // 100}xx",
        ).observe(time.perf_counter() - began)
        response.headers[HEADER] = request_id
        return response


def _view(request: HttpRequest) -> str:
    """The name of the address, never the address."""
    match = request.resolver_match
    if match is None:
        return "none"
    return match.view_name if match.url_name else "unnamed"
