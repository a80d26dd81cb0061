"""``POST /emails`` as the API's reference describes it: what is valid, and what is sent once."""

from __future__ import annotations

import hashlib
import json
import re
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parseaddr
from typing import Any

from dermalia.sandbox.resend.inbox import Mail

MAX_RECIPIENTS = 50
KEY_SECONDS = 24 * 3600
MAX_KEY_LENGTH = 256
_TAG = re.compile(r"[A-Za-z0-9_-]{1,256}")
_ADDRESS = re.compile(r"[^\s@<>,;\"]+@[^\s@<>,;\"]+\.[^\s@<>,;\".]+")


class ApiError(Exception):
    """An error as the API gives it: HTTP status, error name, message."""

    def __init__(self, status: int, name: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.name = name
        self.message = message


def mail_from(wish: Mapping[str, Any], idempotency_key: str | None) -> Mail:
    """The mail that a request body asks for. Raises `ApiError` with the API's own error names."""
    for required in ("from", "to", "subject"):
        if not wish.get(required):
            raise ApiError(422, "missing_required_field", f"Missing `{required}` field.")
    if not (wish.get("html") or wish.get("text")):
        raise ApiError(422, "missing_required_field", "Missing `html` or `text` field.")
    sender, subject = wish["from"], wish["subject"]
    if not isinstance(sender, str) or not _is_address(sender):
        raise ApiError(422, "invalid_from_address", _malformed("from"))
    if not isinstance(subject, str) or "\n" in subject or "\r" in subject:
        raise ApiError(422, "validation_error", "The `\\n` is not allowed in the `subject` field.")
    return Mail(
        id=str(uuid.uuid4()),
        received_at=datetime.now(UTC),
        sender=sender,
        to=_recipients(wish, "to"),
        cc=_recipients(wish, "cc"),
        bcc=_recipients(wish, "bcc"),
        reply_to=_recipients(wish, "reply_to"),
        subject=subject,
        text=_part(wish, "text"),
        html=_part(wish, "html"),
        headers=_headers(wish),
        attachments=_attachments(wish),
        idempotency_key=idempotency_key,
        tags=_tags(wish),
    )


def _recipients(wish: Mapping[str, Any], field: str) -> tuple[str, ...]:
    given = wish.get(field) or []
    recipients = [given] if isinstance(given, str) else given
    if not isinstance(recipients, list) or not all(map(_is_address, recipients)):
        raise ApiError(422, "validation_error", _malformed(field))
    if len(recipients) > MAX_RECIPIENTS:
        message = f"The `{field}` field has more than {MAX_RECIPIENTS} addresses."
        raise ApiError(422, "validation_error", message)
    return tuple(recipients)


def _is_address(given: object) -> bool:
    if not isinstance(given, str) or "\n" in given or "\r" in given:
        return False
    return _ADDRESS.fullmatch(parseaddr(given)[1]) is not None


def _malformed(field: str) -> str:
    return (
        f"Invalid `{field}` field. The email address needs to follow the "
        "`email@example.com` or `Name <email@example.com>` format."
    )


def _part(wish: Mapping[str, Any], field: str) -> str | None:
    part = wish.get(field)
    if part is not None and not isinstance(part, str):
        raise ApiError(422, "validation_error", f"The `{field}` field must be a string.")
    return part


def _headers(wish: Mapping[str, Any]) -> dict[str, str]:
    headers = wish.get("headers") or {}
    if not isinstance(headers, dict):
        raise ApiError(422, "validation_error", "The `headers` field must be an object.")
    return {str(name): str(value) for name, value in headers.items()}


def _tags(wish: Mapping[str, Any]) -> dict[str, str]:
    tags = wish.get("tags") or []
    if not isinstance(tags, list) or not all(isinstance(tag, dict) for tag in tags):
        raise ApiError(422, "validation_error", "The `tags` field must be a list of objects.")
    pairs = {str(tag.get("name", "")): str(tag.get("value", "")) for tag in tags}
    if not all(_TAG.fullmatch(part) for pair in pairs.items() for part in pair):
        message = "Tags should only contain ASCII letters, numbers, underscores, or dashes."
        raise ApiError(422, "validation_error", message)
    return pairs


def _attachments(wish: Mapping[str, Any]) -> tuple[str, ...]:
    attachments = wish.get("attachments") or []
    if not isinstance(attachments, list) or not all(isinstance(a, dict) for a in attachments):
        raise ApiError(422, "invalid_attachment", "Attachments must be a list of objects.")
    return tuple(str(attachment.get("filename", "")) for attachment in attachments)


class IdempotencyKeys:
    """Answers by key, kept for 24 hours: a repeated request gets the answer of the first.

    Only successes are remembered; after an error the same key may be tried again.
    """

    def __init__(self, lifetime: float = KEY_SECONDS) -> None:
        self.lifetime = lifetime
        self._answers: dict[str, tuple[str, str, float]] = {}
        self._running: set[str] = set()
        self._lock = threading.Lock()

    def once(self, key: str | None, wish: Mapping[str, Any], send: Callable[[], str]) -> str:
        """The mail identifier that ``send`` returns, or returned earlier for the same request.

        Raises `ApiError`: 400 for a key of the wrong length, 409 for a key that came with another
        body or whose first request is still running.
        """
        if key is None:
            return send()
        if not 1 <= len(key) <= MAX_KEY_LENGTH:
            message = f"The key must be between 1-{MAX_KEY_LENGTH} chars."
            raise ApiError(400, "invalid_idempotency_key", message)
        digest = hashlib.sha256(json.dumps(wish, sort_keys=True).encode()).hexdigest()
        earlier = self._claim(key, digest)
        if earlier is not None:
            return earlier
        try:
            mail_id = send()
            with self._lock:
                self._answers[key] = (digest, mail_id, time.monotonic() + self.lifetime)
            return mail_id
        finally:
            with self._lock:
                self._running.discard(key)

    def _claim(self, key: str, digest: str) -> str | None:
        """The earlier answer, or None once the key is claimed for this request."""
        with self._lock:
            if key in self._running:
                raise ApiError(
                    409,
                    "concurrent_idempotent_requests",
                    "Another request with the same idempotency key is in progress.",
                )
            known, mail_id, good_until = self._answers.get(key, ("", "", 0.0))
            if good_until <= time.monotonic():
                self._running.add(key)
                return None
            if known != digest:
                raise ApiError(
                    409,
                    "invalid_idempotent_request",
                    "This idempotency key was already used with another request body.",
                )
            return mail_id
