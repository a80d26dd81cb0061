"""Root keys in AWS KMS, Frankfurt: practice keys are wrapped there and the root never leaves it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.session import Session
from django.core.exceptions import ImproperlyConfigured

from dermalia.sealing.keyring import KeyRefused, KeysUnavailable

REGION = "eu-central-1"
# One key of one region, by its id: an alias could be pointed elsewhere, and a multi-region key
# (mrk-…) lives in further regions.
ARN = re.compile(
    rf"arn:aws:kms:{REGION}:\d{{12}}:key/[0-9a-f]{{8}}(-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}}"
)
TAMPERED = {"InvalidCiphertextException", "IncorrectKeyException"}
NOT_USABLE = {
    "AccessDeniedException": "Dermalia's account may not use it; check the key's policy.",
    "DisabledException": "It is disabled; enable it in the key management service.",
    "KMSInvalidStateException": "It awaits deletion; cancel that at once or its keys are lost.",
    "NotFoundException": "It does not exist; check DERMALIA_KMS_KEYS.",
}


@dataclass(frozen=True)
class Credentials:
    """An access of Dermalia's account that may encrypt, decrypt and describe its keys only."""

    access_key: str
    secret_key: str

    def __repr__(self) -> str:
        return "Credentials(…)"


@dataclass(frozen=True)
class Kms:
    """``RootKeys`` whose versions are keys of AWS KMS.

    ``bound_to`` (practice and version, nothing about a person) is the encryption context, which
    the service authenticates and writes to its own log.

    Attributes:
        keys: ARN by version; the highest version wraps.
        endpoint: address of the service where it is not the region's own.
    """

    keys: Mapping[int, str]
    credentials: Credentials
    endpoint: str | None = None

    @property
    def current(self) -> int:
        return max(self.keys)

    @property
    def versions(self) -> frozenset[int]:
        return frozenset(self.keys)

    def wrap(self, key: bytes, *, bound_to: bytes) -> tuple[int, bytes]:
        """Raises ``KeyRefused`` or ``KeysUnavailable``."""
        answer = self._call(
            "encrypt", self.current, Plaintext=key, EncryptionContext=_context(bound_to)
        )
        return self.current, bytes(answer["CiphertextBlob"])

    def unwrap(self, version: int, wrapped: bytes, *, bound_to: bytes) -> bytes:
        """Raises ``KeyRefused`` or ``KeysUnavailable``."""
        if version not in self.keys:
            raise KeyRefused(f"DERMALIA_KMS_KEYS has no root key version {version}.")
        answer = self._call(
            "decrypt", version, CiphertextBlob=wrapped, EncryptionContext=_context(bound_to)
        )
        return bytes(answer["Plaintext"])

    def _call(self, operation: str, version: int, **arguments: Any) -> dict[str, Any]:
        arn = self.keys[version]
        try:
            answer: dict[str, Any] = getattr(self._client, operation)(KeyId=arn, **arguments)
        except ClientError as error:
            raise _translated(error, version) from error
        except BotoCoreError as error:
            raise KeysUnavailable("The key management service does not answer.") from error
        if answer.get("KeyId") != arn:
            raise KeyRefused(f"Root key version {version}: another key answered.")
        return answer

    @cached_property
    def _client(self) -> Any:
        # A session of botocore's own, told everything: no configuration file, no environment,
        # no metadata service of the machine is asked for anything.
        session = Session()
        session.set_config_variable("config_file", "/dev/null")
        session.set_config_variable("credentials_file", "/dev/null")
        return session.create_client(
            "kms",
            region_name=REGION,
            endpoint_url=self.endpoint,
            aws_access_key_id=self.credentials.access_key,
            aws_secret_access_key=self.credentials.secret_key,
            config=Config(
                connect_timeout=2,
                read_timeout=4,
                retries={"total_max_attempts": 3, "mode": "standard"},
                proxies={},
            ),
        )


def keys_from(text: str) -> dict[int, str]:
    """Read ``1=arn:aws:kms:…,2=arn:aws:kms:…``.

    Raises:
        ImproperlyConfigured: a part is no version with a key of this region.
    """
    keys = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        version, _, arn = part.partition("=")
        if not version.isdecimal() or int(version) < 1 or not ARN.fullmatch(arn):
            raise ImproperlyConfigured(
                f"DERMALIA_KMS_KEYS: {part!r} is not VERSION=ARN of a single-region key in"
                f" {REGION} (no alias)."
            )
        if int(version) in keys:
            raise ImproperlyConfigured(f"DERMALIA_KMS_KEYS names version {version} twice.")
        keys[int(version)] = arn
    return keys


def _context(bound_to: bytes) -> dict[str, str]:
    return {"dermalia": bound_to.decode()}


def _translated(error: ClientError, version: int) -> KeyRefused | KeysUnavailable:
    code = error.response["Error"]["Code"]
    if code in TAMPERED:
        return KeyRefused(f"A key wrapped by root key version {version} does not open.")
    if code in NOT_USABLE:
        return KeyRefused(f"Root key version {version} cannot be used: {NOT_USABLE[code]}")
    return KeysUnavailable(f"The key management service cannot answer now ({code}).")
