"""`ResendStandIn`: the API that the real SDK is pointed at through ``resend.api_url``."""

from __future__ import annotations

import hmac
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from http import HTTPStatus

from dermalia.sandbox.faults import FaultKind
from dermalia.sandbox.http import Request, Response, Route, json_response, see_other
from dermalia.sandbox.resend import page
from dermalia.sandbox.resend.emails import KEY_SECONDS, ApiError, IdempotencyKeys, mail_from
from dermalia.sandbox.resend.hook import Hook
from dermalia.sandbox.resend.inbox import Inbox, Mail
from dermalia.sandbox.standin import StandIn, wire_faults

_NAMES = {
    404: "not_found",
    405: "method_not_allowed",
    409: "concurrent_idempotent_requests",
    429: "rate_limit_exceeded",
    500: "application_error",
}
_FAULTS = (
    *wire_faults(("send", "retrieve")),
    FaultKind("drop_after", "Accepted, then connection closed", ("send",)),
    FaultKind("concurrent", "Same key still in progress (409)", ("send",)),
)


class ResendStandIn(StandIn):
    """Accepts mails like Resend and shows them on a page instead of sending them.

    ``rate_limit`` is requests per second, None for no limit. ``key_seconds`` is how long an
    idempotency key is remembered. ``hook`` is where it tells, signed, what became of each mail.
    """

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        api_key: str,
        rate_limit: int | None = None,
        key_seconds: float = KEY_SECONDS,
        hook: Hook | None = None,
    ) -> None:
        self._api_key = api_key
        self._inbox = Inbox()
        self._keys = IdempotencyKeys(key_seconds)
        self._rate = _Rate(rate_limit) if rate_limit else None
        self._hook = hook
        super().__init__(host, port, _FAULTS)

    def routes(self) -> Sequence[Route]:
        return (
            Route("GET", "/", self._home),
            Route("GET", "/mails/{id}", self._show),
            Route("POST", "/emails", self._guarded(self._send), "send"),
            Route("GET", "/emails/{id}", self._guarded(self._retrieve), "retrieve"),
            Route("GET", "/_sandbox/mails", self._mails_as_json),
            Route("DELETE", "/_sandbox/mails", self._clear),
            Route("POST", "/_sandbox/mails/clear", self._clear),
        )

    def error(self, status: int, detail: str, *, retry_after: float | None = None) -> Response:
        return _refused(
            ApiError(status, _NAMES.get(status, "internal_server_error"), detail),
            retry_after=retry_after,
        )

    @property
    def mails(self) -> tuple[Mail, ...]:
        """Every accepted mail, oldest first."""
        return self._inbox.all()

    def wait_for_mail(self, timeout: float = 10, *, to: str | None = None) -> Mail:
        """The newest mail (to an address), waited for if need be. Raises TimeoutError."""
        return self._inbox.wait(timeout, to)

    def clear(self) -> None:
        """Empty the inbox; idempotency keys stay remembered."""
        self._inbox.clear()

    # The API

    def _guarded(self, handler: Callable[[Request], Response]) -> Callable[[Request], Response]:
        def guarded(request: Request) -> Response:
            try:
                self._check_key(request.headers.get("Authorization", ""))
            except ApiError as refusal:
                return _refused(refusal)
            wait = self._rate.wait() if self._rate else 0
            if wait:
                return self.error(429, "Too many requests.", retry_after=wait)
            try:
                return handler(request)
            except ApiError as refusal:
                return _refused(refusal)

        return guarded

    def _check_key(self, header: str) -> None:
        scheme, _, key = header.partition(" ")
        if scheme.lower() != "bearer" or not key:
            message = "Missing API key in the authorization header."
            raise ApiError(401, "missing_api_key", message)
        if not hmac.compare_digest(key.encode(), self._api_key.encode()):
            raise ApiError(403, "invalid_api_key", "API key is invalid.")

    def _send(self, request: Request) -> Response:
        if request.fault is not None and request.fault.kind == "concurrent":
            message = "Another request with the same idempotency key is in progress."
            raise ApiError(409, "concurrent_idempotent_requests", message)
        try:
            wish = request.json()
        except ValueError as mistake:
            raise ApiError(400, "validation_error", "The body is not a JSON object.") from mistake
        key = request.headers.get("Idempotency-Key")

        def accept() -> str:
            mail = mail_from(wish, key)
            self._inbox.put(mail)
            if self._hook is not None:
                self._hook.tell_all(mail)
            return mail.id

        return json_response({"id": self._keys.once(key, wish, accept)})

    def _retrieve(self, request: Request) -> Response:
        mail = self._inbox.get(request.params["id"])
        if mail is None:
            raise ApiError(404, "not_found", "Email not found")
        return json_response(
            {
                "object": "email",
                "id": mail.id,
                "to": list(mail.to),
                "from": mail.sender,
                "created_at": mail.received_at.isoformat(sep=" "),
                "subject": mail.subject,
                "html": mail.html,
                "text": mail.text,
                "cc": list(mail.cc),
                "bcc": list(mail.bcc),
                "reply_to": list(mail.reply_to),
                "last_event": mail.last_event,
            }
        )

    # The inbox

    def _home(self, _: Request) -> Response:
        return page.home(self.mails, self.faults)

    def _show(self, request: Request) -> Response:
        mail = self._inbox.get(request.params["id"])
        return page.show(mail) if mail else page.missing()

    def _mails_as_json(self, request: Request) -> Response:
        mails = self._inbox.all(request.query.get("to"))
        return json_response({"mails": [mail.as_json() for mail in mails]})

    def _clear(self, request: Request) -> Response:
        self.clear()
        return see_other("/") if request.is_form else Response(HTTPStatus.NO_CONTENT)


class _Rate:
    """At most ``limit`` requests in any one second."""

    def __init__(self, limit: int) -> None:
        self._recent: deque[float] = deque(maxlen=limit)
        self._lock = threading.Lock()

    def wait(self) -> int:
        """0 when a request may pass, which then counts; else whole seconds to wait."""
        with self._lock:
            now = time.monotonic()
            if len(self._recent) == self._recent.maxlen and now - self._recent[0] < 1:
                return 1
            self._recent.append(now)
            return 0


def _refused(refusal: ApiError, retry_after: float | None = None) -> Response:
    content = {
        "statusCode": refusal.status,
        "name": refusal.name,
        "message": refusal.message,
    }
    response = json_response(content, status=refusal.status)
    if retry_after is None:
        return response
    return replace(response, headers={"retry-after": f"{retry_after:g}"})
