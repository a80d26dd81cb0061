"""`IsemecoStandIn`: the cluster's API, a page to take scans with, and faults to switch on."""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import replace
from datetime import UTC, datetime
from http import HTTPStatus

from dermalia.sandbox.faults import FaultKind
from dermalia.sandbox.http import Request, Response, Route, json_response, see_other
from dermalia.sandbox.isemeco import page, wire
from dermalia.sandbox.isemeco.captured import Captured
from dermalia.sandbox.isemeco.store import ScanStore, Signer, StoredAsset, Tokens
from dermalia.sandbox.isemeco.studio import SYNTHETIC, Studio, synthetic_capture
from dermalia.sandbox.standin import StandIn, wire_faults

PROBLEM = "application/problem+json"
PAGE_LIMIT = 100

_FAULTS = (
    *wire_faults(("asset", "scans", "manifest", "token", "device")),
    FaultKind("corrupt", "Wrong bytes (hash does not fit)", ("asset",)),
    FaultKind("expired", "Download address expired (410)", ("asset",)),
    FaultKind("redirect", "Redirect to another host", ("asset", "scans", "manifest", "device")),
    FaultKind("unauthorised", "Token expired (401)", ("scans", "manifest", "device")),
    FaultKind("forbidden_keys", "Manifest with forbidden keys", ("manifest",)),
    FaultKind("wrong_size", "Manifest lies about sizes (by {} bytes)", ("manifest",), -1),
)


class IsemecoStandIn(StandIn):
    """The manufacturer's cluster as the contract describes it.

    ``captures`` are further subjects by label that `take_scan` and the page can scan besides the
    synthetic face; ``synthetic`` makes that face from a seed.
    """

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        client_id: str,
        client_secret: str,
        captures: Mapping[str, Captured] | None = None,
        synthetic: Callable[[int, int], Captured] = synthetic_capture,
        token_seconds: float = 3600,
        url_seconds: float = 900,
    ) -> None:
        self._credentials = (client_id, client_secret)
        self._studio = Studio(captures or {}, synthetic)
        self._tokens = Tokens(token_seconds)
        self._signer = Signer(url_seconds)
        self._store = ScanStore()
        self._downloads: Counter[tuple[str, str]] = Counter()
        self._downloads_lock = threading.Lock()
        self.device = {"serial": "SANDBOX-0001", "model": "Stand-in"}
        self.algorithm_version = "sandbox-1.0.0"
        super().__init__(host, port, _FAULTS)

    def routes(self) -> Sequence[Route]:
        asset = "/v1/assets/{scan_id}/{place}"
        return (
            Route("GET", "/", self._home),
            Route("POST", "/take-scan", self._take_scan),
            Route("POST", "/oauth/token", self._token, "token"),
            Route("GET", "/v1/device", self._authorised(self._device), "device"),
            Route("GET", "/v1/scans", self._authorised(self._scans), "scans"),
            Route("GET", "/v1/scans/{scan_id}", self._authorised(self._manifest), "manifest"),
            Route("GET", asset, self._asset, "asset"),
        )

    def error(self, status: int, detail: str, *, retry_after: float | None = None) -> Response:
        headers = {} if retry_after is None else {"Retry-After": f"{retry_after:g}"}
        problem = {
            "type": "about:blank",
            "title": HTTPStatus(status).phrase,
            "status": status,
            "detail": detail,
        }
        return json_response(problem, status=status, media_type=PROBLEM, headers=headers)

    # What tests and the demo call

    def add_scan(
        self,
        capture: Captured,
        *,
        first_name: str | None = None,
        email: str | None = None,
        captured_at: datetime | None = None,
        scan_id: str | None = None,
    ) -> str:
        """Let a scan appear in the list at once; returns its identifier."""
        return self._store.add(
            capture,
            scan_id=scan_id or f"scan-{secrets.token_hex(10)}",
            captured_at=captured_at or datetime.now(UTC).replace(microsecond=0),
            first_name=first_name,
            email=email,
        ).scan_id

    def remove_scan(self, scan_id: str) -> None:
        """Let a scan disappear; it answers 404 from now on."""
        self._store.remove(scan_id)

    def take_scan(
        self,
        subject: str = SYNTHETIC,
        *,
        first_name: str | None = None,
        email: str | None = None,
    ) -> Future[str]:
        """Scan a subject in the background; the scan appears once it is complete.

        The future gives the scan identifier. Raises KeyError for a subject not on offer.
        """

        def keep(capture: Captured) -> str:
            return self.add_scan(capture, first_name=first_name, email=email)

        return self._studio.take(subject, keep)

    @property
    def scan_ids(self) -> tuple[str, ...]:
        """Identifiers of the complete scans, oldest appearance first."""
        return tuple(scan.scan_id for scan in self._store.all())

    def downloads(self, scan_id: str) -> dict[str, int]:
        """How often each file of a scan was handed out, by name; files never asked for are 0."""
        scan = self._store.get(scan_id)
        names = [asset.name for asset in scan.assets] if scan else []
        return {name: self._downloads[scan_id, name] for name in names}

    def expire_tokens(self) -> None:
        """Make every access token handed out so far worthless."""
        self._tokens.revoke_all()

    # The contract

    def _token(self, request: Request) -> Response:
        if request.form().get("grant_type") != "client_credentials":
            return _oauth_error(400, "unsupported_grant_type")
        given = _basic_credentials(request.headers.get("Authorization", ""))
        if not hmac.compare_digest(repr(given).encode(), repr(self._credentials).encode()):
            return _oauth_error(401, "invalid_client")
        token = {
            "access_token": self._tokens.issue(),
            "token_type": "Bearer",
            "expires_in": int(self._tokens.lifetime),
        }
        return json_response(token, headers={"Cache-Control": "no-store"})

    def _authorised(self, handler: Callable[[Request], Response]) -> Callable[[Request], Response]:
        def checked(request: Request) -> Response:
            if request.fault is not None and request.fault.kind == "unauthorised":
                self._tokens.revoke_all()
            scheme, _, token = request.headers.get("Authorization", "").partition(" ")
            if scheme.lower() != "bearer" or not self._tokens.accept(token):
                refusal = self.error(401, "The access token is missing or no longer good.")
                return replace(refusal, headers={"WWW-Authenticate": 'Bearer realm="isemeco"'})
            if request.fault is not None and request.fault.kind == "redirect":
                return _elsewhere()
            return handler(request)

        return checked

    def _device(self, _: Request) -> Response:
        return json_response(self.device)

    def _scans(self, request: Request) -> Response:
        limit = request.query.get("limit", "50")
        if not limit.isdecimal() or not 1 <= int(limit) <= PAGE_LIMIT:
            return self.error(400, f"limit is a number from 1 to {PAGE_LIMIT}.")
        try:
            position = wire.read_cursor(request.query.get("cursor") or wire.write_cursor(0))
        except ValueError:
            return self.error(400, "This is not a cursor of this list.")
        scans, more = self._store.after(position, int(limit))
        content = {
            "scans": [{"scan_id": scan.scan_id} for scan in scans],
            "next_cursor": wire.write_cursor(scans[-1].appeared if scans else position),
            "has_more": more,
        }
        return json_response(content)

    def _manifest(self, request: Request) -> Response:
        scan = self._store.get(request.params["scan_id"])
        if scan is None:
            return self.error(404, "There is no such scan.")

        def asset_url(place: int) -> str:
            path = f"/v1/assets/{scan.scan_id}/{place}"
            return f"{request.origin or self.url}{path}?{self._signer.query(path)}"

        content = wire.manifest(
            scan,
            device=self.device,
            algorithm_version=self.algorithm_version,
            asset_url=asset_url,
            fault=request.fault,
        )
        return json_response(content, headers={"Cache-Control": "no-store"})

    def _asset(self, request: Request) -> Response:
        expires, signature = request.query.get("expires", ""), request.query.get("signature", "")
        if not self._signer.genuine(request.path, expires, signature):
            return self.error(404, "There is nothing at this address.")
        kind = request.fault.kind if request.fault else ""
        if float(expires) < time.time() or kind == "expired":
            return self.error(410, "This download address has expired; fetch the manifest again.")
        if kind == "redirect":
            return _elsewhere()
        asset = self._stored(request.params["scan_id"], int(request.params["place"]))
        if asset is None:
            return self.error(404, "There is no such scan.")
        with self._downloads_lock:
            self._downloads[request.params["scan_id"], asset.name] += 1
        body = _with_wrong_byte(asset.data) if kind == "corrupt" else asset.data
        return Response(200, body, asset.media_type, {"Cache-Control": "no-store"})

    def _stored(self, scan_id: str, place: int) -> StoredAsset | None:
        scan = self._store.get(scan_id)
        return scan.assets[place] if scan and place < len(scan.assets) else None

    # The page

    def _home(self, _: Request) -> Response:
        return page.home(
            scans=self._store.all(),
            downloads=self.downloads,
            studio=self._studio,
            faults=self.faults,
        )

    def _take_scan(self, request: Request) -> Response:
        wish = request.form()
        try:
            self.take_scan(
                wish.get("subject", SYNTHETIC),
                first_name=wish.get("first_name", "").strip() or None,
                email=wish.get("email", "").strip() or None,
            )
        except KeyError:
            return self.error(400, "This subject is not on offer.")
        return see_other("/")


def _basic_credentials(header: str) -> tuple[str, str] | None:
    scheme, _, encoded = header.partition(" ")
    try:
        user, colon, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeError):
        return None
    return (user, password) if scheme.lower() == "basic" and colon else None


def _oauth_error(status: int, code: str) -> Response:
    headers = {"WWW-Authenticate": 'Basic realm="isemeco"'} if status == 401 else {}
    return json_response({"error": code}, status=status, headers=headers)


def _elsewhere() -> Response:
    return Response(HTTPStatus.FOUND, headers={"Location": "https://elsewhere.example/"})


def _with_wrong_byte(data: bytes) -> bytes:
    if not data:
        return b"?"
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]
