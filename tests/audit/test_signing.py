"""The signing key: refused when doubtful, and replaced without losing what it signed."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from django.core.exceptions import ImproperlyConfigured

from audit.signing import SigningKeys, fingerprint

PEM = serialization.Encoding.PEM


def private_pem(key: Ed25519PrivateKey | X25519PrivateKey) -> bytes:
    return key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def public_pem(key: Ed25519PrivateKey | X25519PrivateKey) -> bytes:
    return key.public_key().public_bytes(PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def key_file(tmp_path: Path, content: bytes, mode: int = 0o600) -> Path:
    file = tmp_path / "key.pem"
    file.write_bytes(content)
    file.chmod(mode)
    return file


def test_only_its_own_signature_verifies(tmp_path: Path) -> None:
    keys = SigningKeys.read(key_file(tmp_path, private_pem(Ed25519PrivateKey.generate())))
    signature = keys.sign(b"said")
    assert keys.verifies(keys.fingerprint, signature, b"said")
    assert not keys.verifies(keys.fingerprint, signature, b"not said")
    assert not keys.verifies("0" * 64, signature, b"said")


def test_a_retired_key_still_verifies_and_signs_no_more(tmp_path: Path) -> None:
    old, new = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    keys = SigningKeys.read(key_file(tmp_path, private_pem(new) + public_pem(old)))
    assert keys.verifies(fingerprint(old.public_key()), old.sign(b"said"), b"said")
    assert keys.fingerprint == fingerprint(new.public_key())
    assert keys.public_pem() == public_pem(new) + public_pem(old)


@pytest.mark.parametrize(
    ("content", "mode", "says"),
    [
        (None, 0o600, "cannot be read"),
        (b"", 0o600, "cannot be read"),
        (
            b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
            0o600,
            "cannot be read",
        ),
        (public_pem(Ed25519PrivateKey.generate()), 0o600, "cannot be read"),
        (private_pem(X25519PrivateKey.generate()), 0o600, "not Ed25519"),
        (
            private_pem(Ed25519PrivateKey.generate()) + public_pem(X25519PrivateKey.generate()),
            0o600,
            "not Ed25519",
        ),
        (private_pem(Ed25519PrivateKey.generate()), 0o640, "open to others"),
        (private_pem(Ed25519PrivateKey.generate()), 0o604, "open to others"),
    ],
)
def test_a_doubtful_key_is_refused(
    tmp_path: Path, content: bytes | None, mode: int, says: str
) -> None:
    file = tmp_path / "missing.pem" if content is None else key_file(tmp_path, content, mode)
    with pytest.raises(ImproperlyConfigured, match=says):
        SigningKeys.read(file)
