"""The keys of the service: what each of them does, and when it refuses."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

REGION = "eu-central-1"
ACCOUNT = "111122223333"
MAX_PLAINTEXT = 4096
MAX_CIPHERTEXT = 6144


class Refused(Exception):
    """An error the service answers with: its type's name."""


@dataclass(frozen=True)
class Key:
    """One key. ``state`` is ``Enabled``, ``Disabled`` or ``PendingDeletion``."""

    arn: str
    state: str = "Enabled"
    usage: str = "ENCRYPT_DECRYPT"
    spec: str = "SYMMETRIC_DEFAULT"
    secret: bytes = field(default_factory=lambda: os.urandom(32), repr=False)

    @classmethod
    def make(
        cls,
        *,
        state: str = "Enabled",
        usage: str = "ENCRYPT_DECRYPT",
        spec: str = "SYMMETRIC_DEFAULT",
    ) -> Key:
        """A new key of the stand-in's one account and region."""
        number = os.urandom(16).hex()
        name = "-".join((number[:8], number[8:12], number[12:16], number[16:20], number[20:]))
        arn = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{name}"
        return cls(arn, state, usage, spec)

    def require_usable(self) -> None:
        """Raises `Refused` as the service does for a key in this state or of this usage."""
        if self.state == "Disabled":
            raise Refused("DisabledException")
        if self.state != "Enabled":
            raise Refused("KMSInvalidStateException")
        if self.usage != "ENCRYPT_DECRYPT":
            raise Refused("InvalidKeyUsageException")

    def encrypt(self, wish: Mapping[str, Any]) -> dict[str, Any]:
        """``Encrypt``: the blob names its key, as the service's own does."""
        self.require_usable()
        plain = _bytes_of(wish, "Plaintext", MAX_PLAINTEXT)
        nonce = os.urandom(12)
        sealed = self.arn.encode() + b"\0" + nonce
        sealed += AESGCM(self.secret).encrypt(nonce, plain, _context(wish))
        return {"KeyId": self.arn, "CiphertextBlob": base64.b64encode(sealed).decode()}

    def decrypt(self, wish: Mapping[str, Any]) -> dict[str, Any]:
        """``Decrypt``, which is refused for another key's blob, another context and any change."""
        self.require_usable()
        blob = _bytes_of(wish, "CiphertextBlob", MAX_CIPHERTEXT)
        arn, _, sealed = blob.partition(b"\0")
        if not arn.startswith(b"arn:aws:kms:"):
            raise Refused("InvalidCiphertextException")
        if arn != self.arn.encode():
            raise Refused("IncorrectKeyException")
        try:
            plain = AESGCM(self.secret).decrypt(sealed[:12], sealed[12:], _context(wish))
        except (InvalidTag, ValueError) as error:
            raise Refused("InvalidCiphertextException") from error
        return {"KeyId": self.arn, "Plaintext": base64.b64encode(plain).decode()}

    def describe(self, _: Mapping[str, Any]) -> dict[str, Any]:
        """``DescribeKey``, which answers in any state."""
        return {
            "KeyMetadata": {
                "AWSAccountId": ACCOUNT,
                "Arn": self.arn,
                "KeyId": self.arn.rpartition("/")[2],
                "Enabled": self.state == "Enabled",
                "KeyState": self.state,
                "KeyUsage": self.usage,
                "KeySpec": self.spec,
                "KeyManager": "CUSTOMER",
                "Origin": "AWS_KMS",
                "MultiRegion": False,
            }
        }


def _context(wish: Mapping[str, Any]) -> bytes:
    # Pairs in any order are the same context, and no two contexts give the same bytes.
    return json.dumps(wish.get("EncryptionContext", {}), sort_keys=True).encode()


def _bytes_of(wish: Mapping[str, Any], name: str, longest: int) -> bytes:
    try:
        given = base64.b64decode(wish[name], validate=True)
    except (KeyError, TypeError, ValueError) as error:
        raise Refused("SerializationException") from error
    if not 0 < len(given) <= longest:
        raise Refused("ValidationException")
    return given
