"""What the service tells of mails by itself: events, signed as its webhooks are."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.client import HTTPException
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

from dermalia.sandbox.resend.inbox import Mail

TRIES, PAUSE_SECONDS, TIMEOUT_SECONDS = 5, 1.0, 5.0
# What the events after acceptance are called for each end a mail may come to.
_COURSES: Mapping[str, tuple[str, ...]] = {
    "delivered": ("email.sent", "email.delivered"),
    "bounced": ("email.sent", "email.bounced"),
    "complained": ("email.sent", "email.delivered", "email.complained"),
    "suppressed": ("email.suppressed",),
}


@dataclass(frozen=True)
class Delivery:
    """One message as it goes over the wire."""

    body: bytes
    headers: Mapping[str, str]


def event(mail: Mail, kind: str) -> dict[str, Any]:
    """What a message about the mail says."""
    data: dict[str, Any] = {
        "email_id": mail.id,
        "created_at": mail.received_at.isoformat(),
        "from": mail.sender,
        "to": list(mail.to),
        "subject": mail.subject,
        "tags": dict(mail.tags),
    }
    if kind == "email.bounced":
        data["bounce"] = {
            "message": "The recipient's server does not know this address.",
            "type": "Permanent",
            "subType": "General",
        }
    return {"type": kind, "created_at": datetime.now(UTC).isoformat(), "data": data}


def signed(
    content: Mapping[str, Any],
    *,
    secret: str,
    message_id: str | None = None,
    at: float | None = None,
) -> Delivery:
    """The message with its id, time and signature (HMAC-SHA256 over all three).

    Args:
        secret: ``whsec_`` and the key in base64.
    """
    body = json.dumps(content, separators=(",", ":")).encode()
    message_id = message_id or f"msg_{uuid.uuid4().hex}"
    timestamp = str(int(time.time() if at is None else at))
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.digest(key, f"{message_id}.{timestamp}.".encode() + body, hashlib.sha256)
    return Delivery(
        body,
        {
            "content-type": "application/json",
            "svix-id": message_id,
            "svix-timestamp": timestamp,
            "svix-signature": f"v1,{base64.b64encode(digest).decode()}",
        },
    )


@dataclass(frozen=True)
class Hook:
    """An address of the application that wants to be told, and the secret it knows us by."""

    url: str
    secret: str = field(repr=False)

    def tell_all(self, mail: Mail) -> None:
        """Tell on a thread what becomes of the mail, event by event."""
        threading.Thread(target=self._tell_all, args=[mail], daemon=True).start()

    def _tell_all(self, mail: Mail) -> None:
        for kind in _COURSES[mail.last_event]:
            self._tell(signed(event(mail, kind), secret=self.secret))

    def _tell(self, message: Delivery) -> None:
        for _ in range(TRIES):
            request = Request(self.url, message.body, dict(message.headers), method="POST")  # noqa: S310
            try:
                with urlopen(request, timeout=TIMEOUT_SECONDS):  # noqa: S310 - our own address
                    return
            except (URLError, HTTPException, OSError):
                time.sleep(PAUSE_SECONDS)
