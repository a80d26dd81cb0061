"""The challenge a browser was given, in a cookie of its own until it is answered."""

from django.core import signing
from django.http import HttpRequest, HttpResponse

from dermalia.webauthn import Question
from operators.domain.passkeys import LIFETIME
from operators.hosts import COOKIE

CHALLENGE_COOKIE = "__Host-dermalia-admin-question"
_SALT = "operators.challenge"


def hand_out(question: Question) -> HttpResponse:
    """The options for ``navigator.credentials``, as JSON."""
    response = HttpResponse(question.options, content_type="application/json")
    kept = signing.dumps(question.challenge.hex(), salt=_SALT)
    response.set_cookie(CHALLENGE_COOKIE, kept, max_age=LIFETIME, **COOKIE)  # type: ignore[arg-type]
    return response


def take_back(request: HttpRequest) -> bytes:
    """The challenge this browser has to answer; empty if none. Answering uses it up elsewhere."""
    kept = request.COOKIES.get(CHALLENGE_COOKIE, "")
    try:
        return bytes.fromhex(signing.loads(kept, salt=_SALT, max_age=LIFETIME))
    except signing.BadSignature:
        return b""
