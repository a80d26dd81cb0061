"""Sending through the real SDK."""

from __future__ import annotations

from typing import Any

import pytest
import resend
from resend.exceptions import ResendError

from dermalia.sandbox.resend import ResendStandIn

KEY = "re_sandbox"
LINK = "https://report.example/r/AbCdEfGhJkMnPqRsTuVwXyZ23?a=1&b=2"


def use(stand_in: ResendStandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resend, "api_url", stand_in.url)
    monkeypatch.setattr(resend, "api_key", KEY)
    client = resend.RequestsClient(timeout=5)
    monkeypatch.setattr(resend, "default_http_client", client)


def send(key: str | None = None, **changed: Any) -> str:
    mail: Any = {
        "from": "Praxis Demo <report@example.org>",
        "to": ["patient@example.org"],
        "subject": "Ihr Bericht",
        "text": f"Guten Tag,\nIhr Bericht: {LINK}.",
        "html": '<p>Ihr <a href="https://report.example/r/x?a=1&amp;b=2">Bericht</a></p>',
    }
    mail |= changed
    given: Any = {name: value for name, value in mail.items() if value is not None}
    options: Any = {"idempotency_key": key} if key is not None else None
    return resend.Emails.send(given, options)["id"]


def refused(expected: type[ResendError] = ResendError, **changed: Any) -> ResendError:
    with pytest.raises(expected) as error:
        send(**changed)
    return error.value
