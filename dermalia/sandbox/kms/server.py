"""`KmsStandIn`: the AWS JSON 1.1 protocol over HTTP, for the SDK's ``endpoint_url``."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Self

from dermalia.sandbox.faults import FaultKind
from dermalia.sandbox.http import Request, Response, Route, json_response
from dermalia.sandbox.kms.keys import Key, Refused
from dermalia.sandbox.kms.signature import require_signed
from dermalia.sandbox.standin import StandIn, wire_faults

MEDIA_TYPE = "application/x-amz-json-1.1"
_SERVICE = "TrentService."
_OPERATIONS: Mapping[str, Callable[[Key, Mapping[str, Any]], dict[str, Any]]] = {
    "Encrypt": Key.encrypt,
    "Decrypt": Key.decrypt,
    "DescribeKey": Key.describe,
}
_FAULTS = (
    *wire_faults(("call",)),
    FaultKind("hang", "No answer for {} s, then connection closed", ("call",), 30),
    FaultKind("garbage", "An answer that is none (HTTP 200)", ("call",)),
)


class KmsStandIn(StandIn):
    """Keys are made with ``new_key`` and put into a state with ``set_state``.

    Attributes:
        calls: operation and body of every call that was signed as it must be, oldest first.
        garbage: what the fault of that name answers.
    """

    def __init__(
        self, host: str = "127.0.0.1", port: int = 0, *, access_key: str, secret_key: str
    ) -> None:
        self._access_key, self._secret_key = access_key, secret_key
        self._stopped = threading.Event()
        self.keys: dict[str, Key] = {}
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.garbage = b"<html><body>Welcome to this network</body></html>"
        super().__init__(host, port, _FAULTS)

    def routes(self) -> Sequence[Route]:
        return (Route("POST", "/", self._call, "call"),)

    def error(self, status: int, detail: str, *, retry_after: float | None = None) -> Response:
        del retry_after  # the service never names a time
        if status == 429:
            return _refused("ThrottlingException", detail)
        return _refused("KMSInternalException", detail, status)

    def start(self) -> Self:
        self._stopped.clear()
        return super().start()

    def stop(self) -> None:
        self._stopped.set()
        super().stop()

    @property
    def operations(self) -> list[str]:
        """The names of ``calls``."""
        return [operation for operation, _ in self.calls]

    def new_key(self, **more: str) -> str:
        """A new key's ARN; ``usage`` and ``spec`` may be given."""
        key = Key.make(**more)
        self.keys[key.arn] = key
        return key.arn

    def set_state(self, arn: str, state: str) -> None:
        """``Enabled``, ``Disabled`` or ``PendingDeletion``."""
        self.keys[arn] = replace(self.keys[arn], state=state)

    def _call(self, request: Request) -> Response:
        if request.fault is not None and request.fault.kind == "hang":
            self._stopped.wait(request.fault.amount)
            return Response(drop=True)
        if request.fault is not None and request.fault.kind == "garbage":
            return Response(200, self.garbage, MEDIA_TYPE)
        try:
            require_signed(request, self._access_key, self._secret_key)
            return json_response(self._operate(request), media_type=MEDIA_TYPE)
        except Refused as error:
            return _refused(str(error), "refused")

    def _operate(self, request: Request) -> dict[str, Any]:
        target = str(request.headers.get("X-Amz-Target", ""))
        operation = target.removeprefix(_SERVICE)
        if not target.startswith(_SERVICE) or operation not in _OPERATIONS:
            raise Refused("UnknownOperationException")
        try:
            wish = request.json()
        except ValueError as mistake:
            raise Refused("SerializationException") from mistake
        self.calls.append((operation, wish))
        key = self.keys.get(str(wish.get("KeyId")))
        if key is None:
            raise Refused("NotFoundException")
        return _OPERATIONS[operation](key, wish)


def _refused(name: str, message: str, status: int = 400) -> Response:
    content = {"__type": name, "message": message}
    return json_response(content, status=status, media_type=MEDIA_TYPE)
