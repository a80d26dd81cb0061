"""The one way out: HTTP sessions that reach only what the register names (R2, R3)."""

import logging
import re
import ssl
from collections.abc import Mapping
from functools import cache
from typing import Any
from urllib.parse import SplitResult, urlsplit

import requests
from django.conf import settings
from requests.adapters import HTTPAdapter
from requests.utils import DEFAULT_CA_BUNDLE_PATH

from dermalia.residency.dialing import (
    AddressRefused,
    PinnedHTTPPool,
    PinnedHTTPSConnection,
    PinnedHTTPSPool,
)
from dermalia.residency.objections import objects_to_host, objects_to_mail_server
from dermalia.residency.register import admits, admits_mail

logger = logging.getLogger(__name__)

# A scheme, a name or address, perhaps a port; nobody's name and password.
_PLAIN_URL = re.compile(
    r"[A-Za-z]+://([A-Za-z0-9.\-_]+|\[[0-9A-Fa-f:.]+\])(:[0-9]*)?([/?#][^\x00-\x20\x7f\\]*)?"
)
TIMEOUT_SECONDS = (5.0, 30.0)  # connect, then between two packets


class EgressRefused(requests.RequestException):
    """The register does not name the host, or its address is out of bounds. Nothing was sent."""


class PracticeObjects(EgressRefused):
    """The register names the host, but the practice at work has objected to it (R67)."""


def session() -> requests.Session:
    """A new session whose every request passes the guard and follows no redirect."""
    guarded = requests.Session()
    guarded.trust_env = False  # a proxy from the environment would be a way around the register
    guarded.max_redirects = 0
    adapter = GuardedAdapter()
    guarded.mount("https://", adapter)
    guarded.mount("http://", adapter)
    return guarded


@cache
def tls_context() -> ssl.SSLContext:
    """TLS 1.2 or later, certificate and name verified; made once, as reading the roots is slow."""
    context = ssl.create_default_context(cafile=DEFAULT_CA_BUNDLE_PATH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


class GuardedAdapter(HTTPAdapter):
    """Refuses hosts outside the register, and calls the addresses it has checked."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs, ssl_context=tls_context())
        self.poolmanager.pool_classes_by_scheme = {
            "http": PinnedHTTPPool,
            "https": PinnedHTTPSPool,
        }

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:  # noqa: ARG002
        conn.cert_reqs = "CERT_REQUIRED"  # against the roots our context holds, and no others

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
        try:
            return super().send(
                request,
                stream=stream,
                timeout=timeout or TIMEOUT_SECONDS,
                verify=True,
                cert=cert,
                proxies=None,
            )
        except AddressRefused as refused:
            logger.error("Refused an outgoing request: %s", refused)
            raise EgressRefused(str(refused)) from refused


def tls_version(host: str, port: int) -> str:
    """Connect as a session would, and hang up: the version of TLS agreed on.

    Raises:
        AddressRefused, OSError, urllib3's HTTPError: there is no secure connection, as for
            ``ssl.SSLCertVerificationError`` because the certificate is not accepted.
    """
    connection = PinnedHTTPSConnection(
        host, port, timeout=TIMEOUT_SECONDS[0], ssl_context=tls_context(), cert_reqs="CERT_REQUIRED"
    )
    try:
        connection.connect()
        return getattr(connection.sock, "version", str)() or ""
    finally:
        connection.close()


def require_admitted(url: str) -> None:
    """Raises ``EgressRefused`` unless ``url`` is https to a host of the register.

    The practice at work must not have objected to it: else ``PracticeObjects``.

    Stand-ins on this machine (``settings.SANDBOX_ORIGINS``) are let through by exact origin.
    """
    parts = _parts(url)
    if parts is None:
        raise EgressRefused("the address is not a plain one")
    if f"{parts.scheme}://{parts.netloc}" in settings.SANDBOX_ORIGINS:
        return
    if parts.scheme == "https" and parts.port in (None, 443) and admits(parts.hostname or ""):
        if objects_to_host(parts.hostname or ""):
            raise PracticeObjects("the practice has objected to this service")
        return
    logger.error("Refused an outgoing request to %a", parts.hostname)
    raise EgressRefused(f"{parts.hostname!a} is not in the register of services")


def require_mail_server(host: str, port: int) -> None:
    """Raises ``EgressRefused`` unless the register names the server that mails are handed to.

    A server on this machine that stands in for it (``settings.SANDBOX_ORIGINS``) is let through.
    """
    if admits_mail(host, port) and objects_to_mail_server(host, port):
        raise PracticeObjects("the practice has objected to this service")
    if admits_mail(host, port) or f"http://{host}:{port}" in settings.SANDBOX_ORIGINS:
        return
    logger.error("Refused to hand mails to %a", host)
    raise EgressRefused(f"{host!a} is not in the register as a mail server")


def _parts(url: str) -> SplitResult | None:
    """The URL taken apart; None where two parsers might not agree on its host."""
    if not _PLAIN_URL.fullmatch(url):
        return None
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    return parts
