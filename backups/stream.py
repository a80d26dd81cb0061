"""DB1, the format of a sealed backup: a stream of unknown length, sealed to a public key.

Layout: magic, the length of the wrapped key (2 bytes), the wrapped key, then chunks of 1 MiB of
plaintext, each followed by its 16-byte tag; the last chunk is shorter, and may be empty. A fresh
key of 32 bytes is wrapped by HPKE (RFC 9180: X25519, HKDF-SHA256, AES-256-GCM) with the backup's
name as its info, so that only the holder of the private key opens it, and under that name only.
Chunks are AES-256-GCM; the nonce is a counter with a flag on the last chunk, and everything before
the first chunk is each one's associated data: as in ``dermalia.sealing.chunks``, a bit flip, a
cut, a swap or an addition fails authentication.
"""

import struct
from collections.abc import Iterable, Iterator

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

MAGIC = b"DB1\0"
LENGTH = struct.Struct(">H")
CHUNK = 1024 * 1024
TAG = 16
_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
_WRAPPED = 32 + 32 + TAG  # the encapsulated key, the file key and its tag


class BackupDamaged(Exception):
    """The bytes are not what was sealed: changed, cut short or of another backup."""


class WrongKey(Exception):
    """The private key is not the one this backup was sealed to, or its beginning was changed."""


def seal(public: X25519PublicKey, name: str, plaintext: Iterable[bytes]) -> Iterator[bytes]:
    """Seal a stream; pieces of any size in, up to a mebibyte at a time out.

    Args:
        public: whose private key opens it.
        name: the backup's name in storage, bound in.
    """
    key = AESGCM.generate_key(256)
    wrapped = _SUITE.encrypt(key, public, _info(name))
    header = MAGIC + LENGTH.pack(len(wrapped)) + wrapped
    cipher = AESGCM(key)
    yield header
    for number, (chunk, last) in enumerate(_chunks(plaintext, CHUNK)):
        yield cipher.encrypt(_nonce(number, last=last), chunk, header)


def unseal(private: X25519PrivateKey, name: str, sealed: Iterable[bytes]) -> Iterator[bytes]:
    """Open what ``seal`` made, chunk by chunk; nothing is yielded before it is authentic.

    Raises:
        WrongKey: the private key is another one's, or the beginning was changed.
        BackupDamaged: at the first chunk that is not authentic, or is the last and should not be.
    """
    pieces = iter(sealed)
    header, rest = _header(pieces)
    try:
        key = _SUITE.decrypt(header[len(MAGIC) + LENGTH.size :], private, _info(name))
    except InvalidTag as error:
        raise WrongKey("the private key does not open this backup") from error
    cipher = AESGCM(key)
    for number, (chunk, last) in enumerate(_chunks(_following(rest, pieces), CHUNK + TAG)):
        try:
            yield cipher.decrypt(_nonce(number, last=last), bytes(chunk), header)
        except (InvalidTag, ValueError) as error:  # ValueError: too short to carry a tag
            raise BackupDamaged(f"chunk {number} is not authentic, or is cut short") from error


def _header(pieces: Iterator[bytes]) -> tuple[bytes, bytes]:
    size = len(MAGIC) + LENGTH.size + _WRAPPED
    begun = b""
    while len(begun) < size:
        piece = next(pieces, None)
        if piece is None:
            raise BackupDamaged("it ends within its header")
        begun += piece
    header = begun[:size]
    stated = LENGTH.unpack_from(header, len(MAGIC))[0]
    if not header.startswith(MAGIC) or stated != _WRAPPED:
        raise BackupDamaged("it does not begin as a sealed backup does")
    return header, begun[size:]


def _following(first: bytes, pieces: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from pieces


def _chunks(pieces: Iterable[bytes], size: int) -> Iterator[tuple[bytes, bool]]:
    """Parts of exactly ``size`` bytes and a shorter last one; whether each is the last."""
    rest = bytearray()
    for piece in pieces:
        rest += piece
        # A stream of whole parts ends with an empty one, which bears the mark.
        while len(rest) >= size:
            yield bytes(rest[:size]), False
            del rest[:size]
    yield bytes(rest), True


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])


def _info(name: str) -> bytes:
    return b"dermalia backup 1\0" + name.encode()
