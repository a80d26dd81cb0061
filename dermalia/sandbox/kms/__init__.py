"""Stand-in of AWS KMS, spoken to by the real SDK: real encryption, the wire's own errors."""

import base64
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from dermalia.sandbox.http import Request, Response, Route, json_response
from dermalia.sandbox.standin import StandIn, wire_faults

SERVICE = "TrentService."
REGION = "eu-central-1"
MEDIA_TYPE = "application/x-amz-json-1.1"


class Refused(Exception):
    """An error the service answers with: its type's name."""


@dataclass(frozen=True)
class Key:
    arn: str
    state: str = "Enabled"
    secret: bytes = field(default_factory=lambda: os.urandom(32), repr=False)


class KmsStandIn(StandIn):
    """Keys are made with ``new_key`` and put into a state with ``set_state``."""

    def __init__(self, *, host: str = "127.0.0.1", port: int = 0) -> None:
        self.keys: dict[str, Key] = {}
        self.calls: list[tuple[str, dict[str, Any]]] = []
        super().__init__(host, port, wire_faults(["call"]))

    def routes(self) -> Sequence[Route]:
        return [Route("POST", "/", self._call, "call")]

    def error(self, status: int, detail: str, *, retry_after: float | None = None) -> Response:
        del retry_after  # the service never names a time
        name = "ThrottlingException" if status == 429 else "KMSInternalException"
        return _answer({"__type": name, "message": detail}, 400 if status == 429 else status)

    def new_key(self) -> str:
        """A new key's ARN."""
        number = os.urandom(16).hex()
        name = "-".join((number[:8], number[8:12], number[12:16], number[16:20], number[20:]))
        arn = f"arn:aws:kms:{REGION}:111122223333:key/{name}"
        self.keys[arn] = Key(arn)
        return arn

    def set_state(self, arn: str, state: str) -> None:
        """``Enabled``, ``Disabled`` or ``PendingDeletion``."""
        self.keys[arn] = replace(self.keys[arn], state=state)

    def _call(self, request: Request) -> Response:
        operation = str(request.headers.get("X-Amz-Target", "")).removeprefix(SERVICE)
        signed = str(request.headers.get("Authorization", ""))
        if not signed.startswith("AWS4-HMAC-SHA256 ") or f"/{REGION}/kms/" not in signed:
            return _answer({"__type": "IncompleteSignatureException"}, 400)
        wish = request.json()
        self.calls.append((operation, wish))
        try:
            return _answer(self._operate(operation, wish))
        except Refused as error:
            return _answer({"__type": str(error), "message": "refused"}, 400)

    def _operate(self, operation: str, wish: dict[str, Any]) -> dict[str, str]:
        key = self._usable(wish["KeyId"])
        context = json.dumps(wish.get("EncryptionContext", {}), sort_keys=True).encode()
        if operation == "Encrypt":
            nonce, plain = os.urandom(12), base64.b64decode(wish["Plaintext"])
            sealed = key.arn.encode() + b"\0" + nonce
            sealed += AESGCM(key.secret).encrypt(nonce, plain, context)
            return {"KeyId": key.arn, "CiphertextBlob": base64.b64encode(sealed).decode()}
        if operation != "Decrypt":
            raise Refused("UnknownOperationException")
        arn, _, sealed = base64.b64decode(wish["CiphertextBlob"]).partition(b"\0")
        if arn.decode(errors="replace") not in self.keys:
            raise Refused("InvalidCiphertextException")
        if arn.decode() != key.arn:
            raise Refused("IncorrectKeyException")
        try:
            plain = AESGCM(key.secret).decrypt(sealed[:12], sealed[12:], context)
        except (InvalidTag, ValueError) as error:
            raise Refused("InvalidCiphertextException") from error
        return {"KeyId": key.arn, "Plaintext": base64.b64encode(plain).decode()}

    def _usable(self, arn: str) -> Key:
        key = self.keys.get(arn)
        if key is None:
            raise Refused("NotFoundException")
        if key.state == "Disabled":
            raise Refused("DisabledException")
        if key.state != "Enabled":
            raise Refused("KMSInvalidStateException")
        return key


def _answer(content: dict[str, Any], status: int = 200) -> Response:
    return json_response(content, status=status, media_type=MEDIA_TYPE)
