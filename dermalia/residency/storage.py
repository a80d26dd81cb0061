"""Clients of AWS's libraries that call one endpoint, whatever its answers say."""

from typing import Any
from urllib.parse import SplitResult, urlsplit

import boto3
from storages.backends.s3 import S3Storage

from dermalia.residency.refusals import refuse

_PORTS = {"http": 80, "https": 443}


class GuardedStorage(S3Storage):  # type: ignore[misc]
    """A bucket whose every request, redirected ones included, goes to the endpoint configured."""

    def _create_session(self) -> boto3.Session:
        session: boto3.Session = super()._create_session()
        keep_to(self.endpoint_url, session.events)
        return session


def keep_to(endpoint: str, events: Any) -> None:
    """Refuse each request of a client, or of a session's clients, that would go elsewhere.

    Args:
        endpoint: URL that the client is set up with.
        events: the client's ``meta.events`` or the session's ``events``.
    """
    wanted = _origin(urlsplit(endpoint))

    def require_endpoint(request: Any, **_: Any) -> None:
        found = urlsplit(request.url)
        if _origin(found) != wanted:
            refuse(f"{found.hostname}:{found.port or _PORTS.get(found.scheme)}")

    # Before each attempt, a redirect's included, when nothing has been sent of it.
    events.register("before-send", require_endpoint)


def _origin(parts: SplitResult) -> tuple[str, str, int | None]:
    return parts.scheme, (parts.hostname or "").lower(), parts.port or _PORTS.get(parts.scheme)
