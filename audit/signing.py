"""The key that signs checkpoints, and those whose signatures still count."""

import re
import stat
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

_BLOCK = re.compile(rb"-----BEGIN ([A-Z ]+)-----.+?-----END \1-----\n?", re.DOTALL)


@dataclass(frozen=True)
class SigningKeys:
    """The private key in use and, by fingerprint, all public keys that are trusted."""

    private: Ed25519PrivateKey
    trusted: dict[str, Ed25519PublicKey]

    @classmethod
    def read(cls, path: Path) -> "SigningKeys":
        """Read a PEM file: the private key (PKCS #8), then public keys retired before it.

        Raises:
            ImproperlyConfigured: the file is missing, readable by others or odd.
        """
        try:
            status, blocks = path.stat(), list(_BLOCK.finditer(path.read_bytes()))
            private = serialization.load_pem_private_key(blocks[0][0], password=None)
            retired = [serialization.load_pem_public_key(block[0]) for block in blocks[1:]]
        except (OSError, ValueError, IndexError, TypeError, UnsupportedAlgorithm) as error:
            raise ImproperlyConfigured(
                f"The audit log's signing key {path} cannot be read: {error}"
            ) from error
        if stat.S_IMODE(status.st_mode) & 0o077:
            raise ImproperlyConfigured(
                f"The audit log's signing key {path} is open to others: chmod 600 it."
            )
        if not isinstance(private, Ed25519PrivateKey):
            raise ImproperlyConfigured(f"The audit log's signing key {path} is not Ed25519.")
        public = [private.public_key(), *retired]
        ed25519 = [key for key in public if isinstance(key, Ed25519PublicKey)]
        if len(ed25519) != len(public):
            raise ImproperlyConfigured(f"{path} holds a retired key that is not Ed25519.")
        return cls(private, {fingerprint(key): key for key in ed25519})

    @property
    def fingerprint(self) -> str:
        """Of the key in use."""
        return fingerprint(self.private.public_key())

    def sign(self, message: bytes) -> bytes:
        """An Ed25519 signature, 64 bytes."""
        return self.private.sign(message)

    def verifies(self, name: str, signature: bytes, message: bytes) -> bool:
        """Whether the trusted key with this fingerprint signed the message."""
        key = self.trusted.get(name)
        if key is None:
            return False
        try:
            key.verify(signature, message)
        except InvalidSignature:
            return False
        return True

    def public_pem(self) -> bytes:
        """All trusted public keys, the one in use first."""
        return b"".join(_pem(key) for key in self.trusted.values())


def signing_keys() -> SigningKeys:
    """The keys of this installation, read anew: it is needed once an hour."""
    return SigningKeys.read(settings.AUDIT_SIGNING_KEY_FILE)


def fingerprint(key: Ed25519PublicKey) -> str:
    """SHA-256 over the key's SubjectPublicKeyInfo in DER: 64 hexadecimal digits."""
    der = key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return sha256(der).hexdigest()


def _pem(key: Ed25519PublicKey) -> bytes:
    return key.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
