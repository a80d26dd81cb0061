"""Mail through Resend's API, by its own SDK, behind the egress guard."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import requests
import resend
from django.conf import settings
from django.utils.translation import gettext_noop as _
from resend.exceptions import RateLimitError, ResendError
from resend.http_client import HTTPClient
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from dermalia.residency import egress
from reports.mail.message import Message
from reports.mail.models import Carrier, Fate
from reports.mail.provider import Answer, NotTaken, Uncertain, require_outside

# Refused before anything was done. The account's faults befall everybody's mail, the others
# are this mail's own.
ACCOUNT = frozenset({401, 403, 404, 405})
MESSAGE = frozenset({400, 413, 422})
IN_PROGRESS = "concurrent_idempotent_requests"
ACCOUNT_REST_SECONDS = 300.0
LONGEST_REST_SECONDS = 3600.0  # a daily quota's "retry-after" may be a day: look in between
EVENNESS = 0.9  # requests do not arrive as evenly as they leave
# An erasure may wait behind two mails in the same worker, and has a minute.
TIMEOUT_SECONDS = (4.0, 12.0)

FATES: Mapping[str, Answer] = {
    "sent": Answer(Fate.SENT),
    "delivery_delayed": Answer(Fate.DELAYED),
    "delivered": Answer(Fate.DELIVERED),
    "opened": Answer(Fate.DELIVERED),
    "clicked": Answer(Fate.DELIVERED),
    "bounced": Answer(Fate.BOUNCED, hard=True),
    "suppressed": Answer(Fate.BOUNCED, hard=True),
    "complained": Answer(Fate.COMPLAINED),
    "failed": Answer(Fate.FAILED),
    "canceled": Answer(Fate.FAILED),
}


class ResendProvider:
    """Sends by ``POST /emails`` with the outbox row's id as idempotency key."""

    carrier = Carrier.RESEND
    pace = "resend"
    remembers: timedelta | None = timedelta(hours=24)

    def __init__(self) -> None:
        resend.api_key = settings.RESEND_API_KEY
        resend.api_url = settings.RESEND_URL
        resend.default_http_client = GuardedClient()
        self.per_second: float = EVENNESS * settings.RESEND_PER_SECOND

    def send(self, message: Message, *, key: str, practice_id: int, kind: str) -> str:
        params: resend.Emails.SendParams = {
            "from": message.sender_header,
            "to": [message.recipient],
            "reply_to": message.reply_to,
            "subject": message.subject,
            "text": message.text,
            "html": message.html,
            # Seen by the service and its webhooks only, and nothing about a person.
            "tags": [
                {"name": "mail", "value": key},
                {"name": "practice", "value": str(practice_id)},
                {"name": "kind", "value": kind},
            ],
        }
        if message.attached is not None:
            params["attachments"] = [
                {
                    "filename": message.attached.name,
                    "content": message.attached.in_text,
                    "content_type": message.attached.media_type,
                }
            ]
        require_outside()
        try:
            sent = resend.Emails.send(params, {"idempotency_key": key})
        except ResendError as error:
            raise _outcome(error) from error
        return str(sent["id"])

    def ask(self, provider_id: str) -> Answer | None:
        require_outside()
        try:
            email = resend.Emails.get(provider_id)
        except RateLimitError as error:
            raise _busy(error) from error
        except ResendError as error:
            raise NotTaken(_("The mail service could not be asked."), after=600) from error
        return FATES.get(str(email.get("last_event", "")))


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
                method,
                url,
                headers=dict(headers),
                json=json,
                files=files,
                data=data,
                timeout=TIMEOUT_SECONDS,
            )
        except egress.PracticeObjects as error:
            raise NotTaken(
                _("The practice has objected to this mail service."), after=3600
            ) from error
        except egress.EgressRefused as error:
            raise NotTaken(_("The mail service is not in the register."), everyone=True) from error
        except requests.RequestException as error:
            if _never_connected(error):
                raise _unreachable() from error
            # The SDK expects a RuntimeError; the address stays out of it.
            raise RuntimeError(type(error).__name__) from error
        return answer.content, answer.status_code, answer.headers


def _outcome(error: ResendError) -> NotTaken | Uncertain:
    """Which way the attempt ended. What the SDK cannot tell apart counts as uncertain."""
    cause = error.__context__
    if isinstance(cause, NotTaken):
        return cause
    if isinstance(error, RateLimitError):
        return _busy(error)
    code = int(error.code) if str(error.code).isdigit() else 500
    if error.error_type == "HttpClientError" or code >= 500 or code == 408:
        return Uncertain(_("The mail service gave no answer; it is not known whether it has it."))
    if code == 409:
        return _conflict(error)
    if code in ACCOUNT:
        return NotTaken(
            _("The mail service refuses our account. Please contact support."),
            after=ACCOUNT_REST_SECONDS,
            everyone=True,
        )
    if code in MESSAGE:
        return NotTaken(_("The mail service refuses this mail or its address."), final=True)
    return Uncertain(_("The mail service gave an answer that we do not understand."))


def _conflict(error: ResendError) -> Uncertain:
    if error.error_type == IN_PROGRESS:
        return Uncertain(_("The mail service is still working on this mail."))
    # The key is known with another text: an earlier try got through.
    return Uncertain(_("The mail service has an earlier form of this mail already."))


def _busy(error: RateLimitError) -> NotTaken:
    after = (error.headers or {}).get("retry-after", "")
    seconds = float(after) if after.isdigit() else 5.0
    return NotTaken(
        _("The mail service asks us to wait."),
        after=min(seconds, LONGEST_REST_SECONDS),
        everyone=True,
    )


def _never_connected(error: requests.RequestException) -> bool:
    reason = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(reason, NewConnectionError | ConnectTimeoutError)


def _unreachable() -> NotTaken:
    return NotTaken(_("The mail service could not be reached."), after=15, everyone=True)
