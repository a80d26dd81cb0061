"""Calls to the cluster with bounds on everything: size, time, attempts, destination."""

from __future__ import annotations

import http.client
import random
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar

import requests
import urllib3
from requests.auth import AuthBase

from scans.isemeco.errors import (
    AddressRefused,
    Busy,
    ClusterError,
    ClusterFault,
    ContractBroken,
    RedirectRefused,
    SizeMismatch,
)

Outcome = TypeVar("Outcome")
_LONGEST_REST = 3600.0
_ELSEWHERE = "The Isemeco cluster redirects to another address; not followed."


@dataclass(frozen=True)
class Limits:
    """Bounds of one client. Times in seconds, sizes in bytes.

    ``call_seconds`` covers a call with all its attempts and pauses. One file may take
    ``file_seconds`` and what its length takes at ``slowest_rate`` bytes a second, but no more
    than ``download_seconds``. A silent cluster is given up after ``read_seconds`` between two
    packets.
    """

    connect_seconds: float = 5
    read_seconds: float = 10
    call_seconds: float = 30
    file_seconds: float = 10
    slowest_rate: float = 512 * 1024
    download_seconds: float = 300
    attempts: int = 3
    first_pause: float = 0.25
    longest_pause: float = 5
    answer_bytes: int = 1024 * 1024
    chunk_bytes: int = 256 * 1024


@dataclass(frozen=True)
class Call:
    """One request to make."""

    method: str
    url: str
    auth: AuthBase
    query: Mapping[str, str] | None = None
    form: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Answer:
    """Status and whole body of an answer."""

    status: int
    body: bytes


class NoAuth(AuthBase):
    """Sends no credentials, not even those a .netrc file might hold."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        return request


class BearerAuth(AuthBase):
    """Sends an access token."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class Transport:
    """Makes calls on a given session, with few and short retries.

    Errors are returned inside and raised outside of ``except`` blocks, because the library's own
    exceptions quote the full address, signature included, and would be logged along with ours.
    """

    def __init__(self, session: requests.Session, limits: Limits) -> None:
        self._session = session
        self._limits = limits

    def exchange(self, call: Call) -> Answer:
        """The whole answer; statuses that depend on the call (400, 401, 404 …) included.

        Raises Busy, ClusterFault, RedirectRefused, AddressRefused, ContractBroken.
        """

        def attempt(deadline: float) -> Answer | ClusterError:
            response = self._send(call)
            if isinstance(response, ClusterError):
                return response
            with response:
                body = self._whole(response, deadline)
                return (
                    body if isinstance(body, ClusterError) else Answer(response.status_code, body)
                )

        return self._insist(attempt)

    def open(self, call: Call) -> requests.Response:
        """An answer whose body is still to be read and closed. Raises as `exchange` does."""
        return self._insist(lambda _: self._send(call))

    def stream(self, response: requests.Response, length: int) -> Iterator[bytes]:
        """Exactly ``length`` bytes in chunks, reading at most one byte more.

        Raises SizeMismatch when there are more or fewer, ClusterFault when the time is over or
        the connection breaks.
        """
        announced = response.headers.get("Content-Length", str(length))
        if announced != str(length) or "Content-Encoding" in response.headers:
            raise SizeMismatch("A file on the Isemeco cluster has another size than announced.")
        deadline = time.monotonic() + self._seconds_for(length)
        received = 0
        while True:
            wanted = min(self._limits.chunk_bytes, length + 1 - received)
            chunk = _read(response, wanted)
            if isinstance(chunk, ClusterError):
                raise chunk
            if time.monotonic() > deadline:
                raise ClusterFault("The Isemeco cluster sends a file too slowly.")
            received += len(chunk)
            if received > length or (not chunk and received < length):
                raise SizeMismatch("A file on the Isemeco cluster has another size than announced.")
            if not chunk:
                return
            yield chunk

    def _seconds_for(self, length: int) -> float:
        """What a file of so many bytes may take."""
        needed = self._limits.file_seconds + length / self._limits.slowest_rate
        return min(self._limits.download_seconds, needed)

    def _insist(self, attempt: Callable[[float], Outcome | ClusterError]) -> Outcome:
        deadline = time.monotonic() + self._limits.call_seconds
        number = 1
        while True:
            outcome = attempt(deadline)
            if not isinstance(outcome, ClusterError):
                return outcome
            pause = self._pause(number, outcome)
            if pause is None or time.monotonic() + pause > deadline:
                raise outcome
            time.sleep(pause)
            number += 1

    def _pause(self, number: int, error: ClusterError) -> float | None:
        """Seconds until the next attempt, None when there should be none."""
        if number >= self._limits.attempts:
            return None
        if not isinstance(error, ClusterFault) or isinstance(error, RedirectRefused):
            return None
        if isinstance(error, Busy) and error.retry_after is not None:
            return error.retry_after
        longest = min(self._limits.longest_pause, self._limits.first_pause * 2 ** (number - 1))
        return random.uniform(longest / 2, longest)  # noqa: S311 spreads load, guards nothing

    def _send(self, call: Call) -> requests.Response | ClusterError:
        try:
            response = self._session.request(
                call.method,
                call.url,
                params=call.query,
                data=call.form,
                auth=call.auth,
                headers={"Accept-Encoding": "identity"},
                timeout=(self._limits.connect_seconds, self._limits.read_seconds),
                allow_redirects=False,
                stream=True,
            )
        except requests.RequestException as fault:
            return _as_our_error(fault)
        except UnicodeError:
            # The library reads where a redirect leads, even if it is not to follow.
            return RedirectRefused(_ELSEWHERE)
        error = _error_of(response)
        if error is not None:
            response.close()
            return error
        return response

    def _whole(self, response: requests.Response, deadline: float) -> bytes | ClusterError:
        body = bytearray()
        while chunk := _read(response, self._limits.chunk_bytes):
            if isinstance(chunk, ClusterError):
                return chunk
            body += chunk
            if len(body) > self._limits.answer_bytes:
                return ContractBroken("An answer of the Isemeco cluster is far too long.")
            if time.monotonic() > deadline:
                return ClusterFault("The Isemeco cluster answers too slowly.")
        announced = response.headers.get("Content-Length")
        if announced is not None and announced != str(len(body)):
            return ClusterFault("An answer of the Isemeco cluster was cut off.")
        return bytes(body)


def _read(response: requests.Response, most: int) -> bytes | ClusterError:
    """Up to ``most`` bytes from one packet; none at the end.

    One packet, since a reader that waits for a full chunk never gets to look at the clock while
    bytes trickle in.
    """
    try:
        chunk: bytes = response.raw.read1(most, decode_content=False)
    except (urllib3.exceptions.HTTPError, http.client.HTTPException, OSError, ValueError):
        return ClusterFault("The connection to the Isemeco cluster broke off.")
    return chunk


def _error_of(response: requests.Response) -> ClusterError | None:
    status = response.status_code
    if 300 <= status < 400:
        return RedirectRefused(_ELSEWHERE)
    if status in (429, 503):
        return Busy(_rest(response.headers))
    if status >= 500:
        return ClusterFault(f"The Isemeco cluster reports an error of its own (HTTP {status}).")
    return None


def _as_our_error(fault: requests.RequestException) -> ClusterError:
    if isinstance(fault, requests.exceptions.SSLError):
        return ClusterFault(_tls_trouble(fault))
    if isinstance(fault, requests.Timeout):
        return ClusterFault("The Isemeco cluster does not answer in time.")
    if isinstance(fault, requests.ConnectionError):
        return ClusterFault("The Isemeco cluster cannot be reached.")
    if isinstance(fault, requests.TooManyRedirects):  # a session that knows none
        return RedirectRefused(_ELSEWHERE)
    return AddressRefused("The address of the Isemeco cluster may not be called from here.")


def _tls_trouble(fault: BaseException | None) -> str:
    """A wrong certificate is somebody's to put right; a broken handshake may pass by itself."""
    while fault is not None:
        if isinstance(fault, ssl.SSLCertVerificationError):
            return "The certificate of the Isemeco cluster is not accepted."
        fault = fault.__cause__ or fault.__context__
    return "No secure connection to the Isemeco cluster can be made."


def _rest(headers: Mapping[str, str]) -> float | None:
    """The pause asked for in ``Retry-After``, in seconds; None if absent or unreadable.

    A date is read by the cluster's own clock where the answer tells it, since ours may differ.
    No rest is longer than an hour: whoever asks for more has made a mistake.
    """
    asked = headers.get("Retry-After", "").strip()
    if asked.isascii() and asked.isdecimal():
        return float(min(int(asked[:9]), _LONGEST_REST))
    until = _moment(asked)
    if until is None:
        return None
    now = _moment(headers.get("Date", "")) or datetime.now(UTC)
    return min(max(0.0, (until - now).total_seconds()), _LONGEST_REST)


def _moment(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
