"""The challenge a browser was given, kept with its session until it is answered."""

from django.http import HttpRequest, HttpResponse

from practices.domain.passkeys import Question

CHALLENGE = "challenge"


def hand_out(request: HttpRequest, question: Question) -> HttpResponse:
    """The options for ``navigator.credentials``, as JSON."""
    request.session[CHALLENGE] = question.challenge.hex()
    return HttpResponse(question.options, content_type="application/json")


def take_back(request: HttpRequest) -> bytes:
    """The challenge this browser has to answer; empty if none. It is asked for once."""
    return bytes.fromhex(request.session.pop(CHALLENGE, ""))
