"""Scans the stand-in holds, and the tokens and signatures it hands out."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
import time
from dataclasses import dataclass
from datetime import datetime

from dermalia.sandbox.isemeco.captured import Captured, Measured


@dataclass(frozen=True)
class StoredAsset:
    """A file with what the manifest says about it."""

    name: str
    kind: str
    light: str | None
    metric: str | None
    media_type: str
    data: bytes
    sha256: str


@dataclass(frozen=True)
class StoredScan:
    """A complete scan. ``appeared`` orders scans and is what a cursor holds."""

    scan_id: str
    appeared: int
    captured_at: datetime
    first_name: str | None
    email: str | None
    measurements: tuple[Measured, ...]
    assets: tuple[StoredAsset, ...]


class ScanStore:
    """Scans in order of appearance, in memory; equal files are held once."""

    def __init__(self) -> None:
        self._scans: dict[str, StoredScan] = {}
        self._blobs: dict[str, bytes] = {}
        self._lock = threading.Lock()

    def add(
        self,
        capture: Captured,
        *,
        scan_id: str,
        captured_at: datetime,
        first_name: str | None,
        email: str | None,
    ) -> StoredScan:
        """Keep a capture. Raises ValueError when the identifier is taken."""
        digests = [hashlib.sha256(file.data).hexdigest() for file in capture.files]
        with self._lock:
            if scan_id in self._scans:
                raise ValueError(f"scan {scan_id} exists already")
            assets = tuple(
                StoredAsset(
                    name=file.name,
                    kind=file.kind,
                    light=file.light,
                    metric=file.metric,
                    media_type=file.media_type,
                    data=self._blobs.setdefault(digest, file.data),
                    sha256=digest,
                )
                for file, digest in zip(capture.files, digests, strict=True)
            )
            scan = StoredScan(
                scan_id=scan_id,
                appeared=self._next_appearance(),
                captured_at=captured_at,
                first_name=first_name,
                email=email,
                measurements=tuple(capture.measurements),
                assets=assets,
            )
            self._scans[scan_id] = scan
            return scan

    def _next_appearance(self) -> int:
        # Clock time rather than a count: a cursor kept over a restart of the stand-in must not
        # hide the scans that appear after it.
        last = next(reversed(self._scans.values())).appeared if self._scans else 0
        return max(time.time_ns(), last + 1)

    def get(self, scan_id: str) -> StoredScan | None:
        """The scan, or None."""
        with self._lock:
            return self._scans.get(scan_id)

    def remove(self, scan_id: str) -> None:
        """Forget a scan, as the manufacturer does when its own time limit is over."""
        with self._lock:
            self._scans.pop(scan_id, None)

    def after(self, appeared: int, limit: int) -> tuple[tuple[StoredScan, ...], bool]:
        """Up to ``limit`` scans that appeared later, and whether there are more of them."""
        later = [scan for scan in self.all() if scan.appeared > appeared]
        return tuple(later[:limit]), len(later) > limit

    def all(self) -> tuple[StoredScan, ...]:
        """Every scan, oldest appearance first."""
        with self._lock:
            return tuple(self._scans.values())


class Tokens:
    """OAuth2 access tokens."""

    def __init__(self, lifetime: float) -> None:
        self.lifetime = lifetime
        self._good_until: dict[str, float] = {}
        self._lock = threading.Lock()

    def issue(self) -> str:
        """A new token, good for ``lifetime`` seconds."""
        token = secrets.token_urlsafe(32)
        with self._lock:
            self._good_until[token] = time.monotonic() + self.lifetime
        return token

    def accept(self, token: str) -> bool:
        """Whether a token is ours and still good."""
        with self._lock:
            return self._good_until.get(token, 0) > time.monotonic()

    def revoke_all(self) -> None:
        """Make every token worthless at once."""
        with self._lock:
            self._good_until.clear()


class Signer:
    """Expiring signatures for download URLs."""

    def __init__(self, lifetime: float) -> None:
        self.lifetime = lifetime
        self._key = secrets.token_bytes(32)

    def query(self, path: str) -> str:
        """The query string that makes ``path`` downloadable for ``lifetime`` seconds."""
        expires = f"{time.time() + self.lifetime:.3f}"
        return f"expires={expires}&signature={self._sign(path, expires)}"

    def genuine(self, path: str, expires: str, signature: str) -> bool:
        """Whether we signed this, expired or not."""
        return hmac.compare_digest(self._sign(path, expires).encode(), signature.encode())

    def _sign(self, path: str, expires: str) -> str:
        return hmac.new(self._key, f"{path}\n{expires}".encode(), hashlib.sha256).hexdigest()
