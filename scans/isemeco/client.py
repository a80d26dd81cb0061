"""`IsemecoClient`: list, manifest and files of a practice's scans on the manufacturer's cluster."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

import requests
from requests.auth import HTTPBasicAuth

from scans.isemeco.contract import (
    MAX_PAGE,
    AssetEntry,
    AssetFile,
    Device,
    Manifest,
    Page,
    TokenAnswer,
)
from scans.isemeco.errors import (
    AddressRefused,
    AssetExpired,
    ClusterError,
    ClusterFault,
    ContractBroken,
    CredentialsRefused,
    ScanGone,
    TokenRefused,
)
from scans.isemeco.fields import SCAN_IDENTIFIER
from scans.isemeco.parsing import parse
from scans.isemeco.transport import Answer, BearerAuth, Call, Limits, NoAuth, Transport

_PLAIN_URL = re.compile(r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]+")
_RENEW_SECONDS = 30.0
_TOKENS_TRIED = 3


@dataclass(frozen=True)
class ScanPage:
    """Scan identifiers in order of appearance, and where to go on.

    ``next_cursor`` is good for ever: with it, a later call lists what appeared since.
    """

    identifiers: list[str]
    next_cursor: str
    more: bool


class IsemecoClient:
    """One practice's access. Not for use from several threads at once.

    ``session`` decides where requests may go at all; this class never makes one of its own. Every
    call goes to the origin of ``base_url``, which is https, or http on this very machine for a
    stand-in. Raises ValueError for any other base URL, and errors of `scans.isemeco.errors` from
    its methods.
    """

    def __init__(
        self,
        base_url: str,
        client_id: str,
        client_secret: str,
        session: requests.Session,
        limits: Limits | None = None,
    ) -> None:
        self._base = _checked_base(base_url)
        self._credentials = HTTPBasicAuth(client_id, client_secret)
        self._transport = Transport(session, limits or Limits())
        self._token = ""
        self._token_good_until = 0.0
        self._latest: Manifest | None = None

    def sign_in(self) -> None:
        """Fetch a new access token. Raises CredentialsRefused where these access data are wrong."""
        self._renew_token()

    def device(self) -> Device:
        """The scanner that belongs to these credentials."""
        return parse(Device, self._get("/v1/device"))[0]

    def list_scans(self, cursor: str | None = None, limit: int = MAX_PAGE) -> ScanPage:
        """The next scans behind ``cursor``, or from the first one; at most ``limit`` (1 to 100)."""
        query = {"limit": str(limit)} | ({"cursor": cursor} if cursor else {})
        page, _ = parse(Page, self._get("/v1/scans", query))
        if len(page.scans) > limit:
            raise ContractBroken("The Isemeco cluster lists more scans than were asked for.")
        if page.has_more and (not page.scans or page.next_cursor == cursor):
            raise ContractBroken("The Isemeco cluster's scan list does not move on.")
        identifiers = [scan.scan_id for scan in page.scans]
        return ScanPage(identifiers, page.next_cursor, page.has_more)

    def manifest(self, scan_identifier: str) -> tuple[Manifest, int]:
        """The manifest, and how many keys of it were dropped because we must not have them.

        Raises ScanGone when the cluster no longer has the scan.
        """
        if not re.fullmatch(SCAN_IDENTIFIER, scan_identifier):
            raise ValueError("not a scan identifier")
        gone = ScanGone("The scan is no longer on the Isemeco cluster.")
        body = self._get(f"/v1/scans/{scan_identifier}", missing=gone)
        manifest, dropped = parse(Manifest, body)
        if manifest.scan_id != scan_identifier:
            raise ContractBroken("The Isemeco cluster answered with the manifest of another scan.")
        self._latest = manifest
        return manifest, dropped

    @contextmanager
    def open_asset(self, scan_identifier: str, asset: AssetFile) -> Iterator[Iterator[bytes]]:
        """As `download`, for a file of a manifest that may be some time old.

        An address that is over its time is replaced by that of a new manifest. Raises
        ClusterFault when the scan has changed since.
        """
        entry = self._entry(scan_identifier, asset)
        try:
            response = self._begin(entry)
        except AssetExpired:
            self._latest = None
            response = self._begin(self._entry(scan_identifier, asset))
        with response:
            yield self._transport.stream(response, asset.bytes)

    @contextmanager
    def download(self, asset: AssetEntry) -> Iterator[Iterator[bytes]]:
        """The bytes of a file in chunks: exactly as many as its entry says, or SizeMismatch.

        The hash is the caller's to check. Raises AssetExpired when the address is over its time
        (fetch the manifest again), ScanGone when the file is not there any more.
        """
        with self._begin(asset) as response:
            yield self._transport.stream(response, asset.bytes)

    def _entry(self, scan_identifier: str, asset: AssetFile) -> AssetEntry:
        """The file in the newest manifest we know, its address included."""
        latest = self._latest
        if latest is None or latest.scan_id != scan_identifier:
            latest, _ = self.manifest(scan_identifier)
        for entry in latest.assets:
            if (entry.name, entry.bytes, entry.sha256) == (asset.name, asset.bytes, asset.sha256):
                return entry
        raise ClusterFault("The scan has changed on the Isemeco cluster while it was copied.")

    def _begin(self, asset: AssetEntry) -> requests.Response:
        """The answer to a download, its body unread. The caller closes it."""
        response = self._transport.open(Call("GET", self._own_address(asset.url), NoAuth()))
        error = _refusal(response.status_code)
        if error is not None:
            response.close()
            raise error
        return response

    def _get(
        self,
        path: str,
        query: dict[str, str] | None = None,
        *,
        missing: ClusterError | None = None,
    ) -> bytes:
        answer = self._ask(path, query)
        tokens = 1
        # Another worker's new token may have ended ours, and its next one the one after that.
        while answer.status == 401 and tokens < _TOKENS_TRIED:
            self._token = ""
            answer = self._ask(path, query)
            tokens += 1
        match answer.status:
            case 200:
                return answer.body
            case 401:
                raise TokenRefused("The Isemeco cluster refuses the access it has just given.")
            case 403:
                raise CredentialsRefused("The Isemeco cluster refuses this practice's access.")
            case 404 | 410 if missing is not None:
                raise missing
            case status:
                raise ClusterFault(f"The Isemeco cluster refuses the request (HTTP {status}).")

    def _ask(self, path: str, query: dict[str, str] | None) -> Answer:
        call = Call("GET", self._base + path, BearerAuth(self._good_token()), query=query)
        return self._transport.exchange(call)

    def _good_token(self) -> str:
        if not self._token or time.monotonic() >= self._token_good_until:
            self._renew_token()
        return self._token

    def _renew_token(self) -> None:
        form = {"grant_type": "client_credentials"}
        asked_at = time.monotonic()
        call = Call("POST", f"{self._base}/oauth/token", self._credentials, form=form)
        answer = self._transport.exchange(call)
        if answer.status in (400, 401, 403):
            raise CredentialsRefused("The Isemeco cluster does not accept the access data.")
        if answer.status != 200:
            raise ClusterFault(f"The Isemeco cluster gives no token (HTTP {answer.status}).")
        token, _ = parse(TokenAnswer, answer.body)
        # A short-lived token serves most of its life, a long one all but its last half minute.
        margin = min(_RENEW_SECONDS, token.expires_in / 4)
        self._token = token.access_token
        self._token_good_until = asked_at + token.expires_in - margin

    def _own_address(self, url: str) -> str:
        """The asset's path and query on our own origin. Raises AddressRefused for another one.

        The address is put together again from our base, so that even a URL which two parsers
        read differently can lead nowhere else.
        """
        base, target = urlsplit(self._base), _split(url)
        if target is None or _origin(target) != _origin(base) or "@" in target.netloc:
            raise AddressRefused("A download address points away from the Isemeco cluster.")
        query = f"?{target.query}" if target.query else ""
        return f"{base.scheme}://{base.netloc}/{target.path.lstrip('/')}{query}"


def _refusal(status: int) -> ClusterError | None:
    """What a download's status means; None when the file follows."""
    match status:
        case 200:
            return None
        case 410:
            return AssetExpired("A download address has expired.")
        case 404:
            return ScanGone("A file of the scan is no longer on the Isemeco cluster.")
        case 401 | 403:
            return CredentialsRefused("The Isemeco cluster refuses to hand out a file.")
        case _:
            return ClusterFault(f"The Isemeco cluster hands out no file (HTTP {status}).")


def _checked_base(base_url: str) -> str:
    base = _split(base_url)
    if base is None or not base.hostname or re.search(r"[@?#]", base_url):
        raise ValueError("The base URL of the Isemeco cluster is not a plain address.")
    secure = base.scheme == "https" or (base.scheme == "http" and _is_loopback(base.hostname))
    if not secure:
        raise ValueError("The base URL of the Isemeco cluster must start with https://.")
    return base_url.rstrip("/")


def _split(url: str) -> SplitResult | None:
    if not _PLAIN_URL.fullmatch(url):
        return None
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    return parts


def _origin(parts: SplitResult) -> tuple[str, str, int]:
    port = parts.port
    if port is None:
        port = 443 if parts.scheme == "https" else 80
    return parts.scheme, (parts.hostname or "").rstrip("."), port


def _is_loopback(hostname: str) -> bool:
    if hostname == "localhost":
        return True
    try:
        return ip_address(hostname).is_loopback
    except ValueError:
        return False
