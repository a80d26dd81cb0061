"""Where Resend tells us what became of mails."""

import logging
import time
from collections import OrderedDict, deque

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from dermalia.clients import client_address, network_of
from reports.domain.webhooks import Forged, news, take_in, verified

logger = logging.getLogger(__name__)

LONGEST_BODY = 64 * 1024
REFUSALS, WINDOW_SECONDS, NETWORKS = 20, 60.0, 1000


class Refusals:
    """How often a network was refused lately, in this process: nobody guesses on for ever.

    Only refusals count, so that the service itself is never slowed down however much it tells.
    """

    def __init__(self) -> None:
        self._times: OrderedDict[str, deque[float]] = OrderedDict()

    def too_many(self, network: str) -> bool:
        times = self._times.get(network)
        if times is None or len(times) < REFUSALS:
            return False
        return time.monotonic() - times[0] < WINDOW_SECONDS

    def add(self, network: str) -> None:
        self._times.setdefault(network, deque(maxlen=REFUSALS)).append(time.monotonic())
        self._times.move_to_end(network)
        while len(self._times) > NETWORKS:
            self._times.popitem(last=False)


refusals = Refusals()


@csrf_exempt  # the signature says who it is, and no browser is involved
@require_POST
def resend_hook(request: HttpRequest) -> HttpResponse:
    """204 for what was taken in or is nothing to us, 401 for what is not from the service."""
    network = network_of(client_address(request))
    if refusals.too_many(network):
        return HttpResponse(status=429)
    body = request.read(LONGEST_BODY + 1)
    if len(body) > LONGEST_BODY:
        refusals.add(network)
        return HttpResponse(status=413)
    try:
        message = verified(body, request.headers)
    except Forged:
        refusals.add(network)
        return HttpResponse(status=401)
    told = news(message, receipt=request.headers["svix-id"])
    if told is not None and take_in(told):
        logger.info("Mail %s is %s", told.mail_id, told.answer.fate)
    return HttpResponse(status=204)
