"""Mail through Resend's API, by its own SDK, behind the egress guard."""

from collections.abc import Mapping
from typing import Any

import requests
import resend
from django.conf import settings
from resend.exceptions import RateLimitError, ResendError
from resend.http_client import HTTPClient

from dermalia.residency import egress
from dermalia.work.lease import WorkFailed
from reports.mail.message import Message

# What trying again later cannot mend: our account, or the message itself.
FINAL = frozenset({400, 401, 403, 404, 405, 422})


class ResendProvider:
    """Sends by ``POST /emails`` with the outbox row's id as idempotency key."""

    def __init__(self) -> None:
        resend.api_key = settings.RESEND_API_KEY
        resend.api_url = settings.RESEND_URL
        resend.default_http_client = GuardedClient()

    def send(self, message: Message, *, idempotency_key: str) -> str:
        params: resend.Emails.SendParams = {
            "from": message.sender,
            "to": [message.recipient],
            "subject": message.subject,
            "text": message.text,
            "html": message.html,
        }
        try:
            sent = resend.Emails.send(params, {"idempotency_key": idempotency_key})
        except RateLimitError as error:
            raise WorkFailed("The mail service asks us to wait.", after=_wait(error)) from error
        except ResendError as error:
            final = error.error_type != "HttpClientError" and _code(error) in FINAL
            raise WorkFailed(_reason(error), retry=not final) from error
        return str(sent["id"])


class GuardedClient(HTTPClient):
    """The SDK's requests, sent only where the register of services allows."""

    def __init__(self) -> None:
        self._session = egress.session()

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        json: dict[str, object] | list[object] | None = None,
        files: dict[str, Any] | None = None,
        data: dict[str, str] | None = None,
    ) -> tuple[bytes, int, Mapping[str, str]]:
        try:
            answer = self._session.request(
                method, url, headers=dict(headers), json=json, files=files, data=data
            )
        except requests.RequestException as error:
            # The SDK expects a RuntimeError; the address stays out of it.
            raise RuntimeError(type(error).__name__) from error
        return answer.content, answer.status_code, answer.headers


def _code(error: ResendError) -> int:
    return int(error.code) if str(error.code).isdigit() else 500


def _wait(error: RateLimitError) -> float:
    after = (error.headers or {}).get("retry-after", "")
    return float(after) if after.isdigit() else 5.0


def _reason(error: ResendError) -> str:
    if error.error_type == "HttpClientError":
        return "The mail service could not be reached."
    return f"The mail service did not take the mail (code {_code(error)})."
