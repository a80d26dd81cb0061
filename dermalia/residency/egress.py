"""The one way out: HTTP sessions that reach only what the register names (R2, R3)."""

import logging
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import requests
from django.conf import settings
from requests.adapters import HTTPAdapter

from dermalia.residency.register import admits

logger = logging.getLogger(__name__)

TIMEOUT_SECONDS = (5.0, 30.0)  # connect, then between two packets


class EgressRefused(requests.RequestException):
    """The register does not name the host. Nothing was sent."""


def session() -> requests.Session:
    """A new session whose every request passes the guard and follows no redirect."""
    guarded = requests.Session()
    guarded.trust_env = False  # a proxy from the environment would be a way around the register
    guarded.max_redirects = 0
    adapter = GuardedAdapter()
    guarded.mount("https://", adapter)
    guarded.mount("http://", adapter)
    return guarded


class GuardedAdapter(HTTPAdapter):
    """Refuses hosts outside the register before a connection is opened."""

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: bool | str = True,  # noqa: ARG002 (certificates are always verified)
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,  # noqa: ARG002 (none is ever used)
    ) -> requests.Response:
        require_admitted(request.url or "")
        return super().send(
            request,
            stream=stream,
            timeout=timeout or TIMEOUT_SECONDS,
            verify=True,
            cert=cert,
            proxies=None,
        )


def require_admitted(url: str) -> None:
    """Raises ``EgressRefused`` unless ``url`` is https to a host of the register.

    Stand-ins on this machine (``settings.SANDBOX_ORIGINS``) are let through by exact origin.
    """
    parts = urlsplit(url)
    origin = f"{parts.scheme}://{parts.netloc}"
    if origin in settings.SANDBOX_ORIGINS:
        return
    if parts.scheme == "https" and parts.port in (None, 443) and admits(parts.hostname or ""):
        return
    logger.error("Refused an outgoing request to %s", parts.hostname)
    raise EgressRefused(f"{parts.hostname} is not in the register of services")
