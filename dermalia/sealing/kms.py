"""Root keys in AWS KMS, Frankfurt: practice keys are wrapped there and the root never leaves it."""

import logging
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.loaders import Loader
from botocore.parsers import ResponseParserError
from botocore.session import Session
from django.core.exceptions import ImproperlyConfigured
from requests.utils import DEFAULT_CA_BUNDLE_PATH

from dermalia.operations.metrics import counters
from dermalia.residency.storage import keep_to
from dermalia.sealing.keyring import KeyRefused, KeysUnavailable

REGION = "eu-central-1"
ENDPOINT = f"https://kms.{REGION}.amazonaws.com"
# One key of one region, by its id: an alias could be pointed elsewhere, and a multi-region key
# (mrk-…) lives in further regions.
ARN = re.compile(
    rf"arn:aws:kms:{REGION}:\d{{12}}:key/[0-9a-f]{{8}}(-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}}",
    re.ASCII,
)
VERSION = re.compile(r"[1-9][0-9]{0,3}")  # the keystore's column is a small integer
MAX_WRAPPED = 6144  # bytes; the service takes no longer ciphertext
CHECK = b"check"  # what the trial of `Kms.check` is bound to: no practice, so it opens nothing

TAMPERED = {"InvalidCiphertextException", "IncorrectKeyException"}
NOT_USABLE = {
    "AccessDeniedException": "Dermalia's account may not use it; check the key's policy.",
    "DisabledException": "It is disabled; enable it in the key management service.",
    "InvalidKeyUsageException": "It is no symmetric encryption key; name another one.",
    "KMSInvalidStateException": "It awaits deletion; cancel that at once or its keys are lost.",
    "NotFoundException": "It does not exist; check DERMALIA_KMS_KEYS.",
}
NOT_ADMITTED = {
    "ExpiredTokenException",
    "IncompleteSignatureException",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "MissingAuthenticationTokenException",
    "OptInRequired",
    "UnrecognizedClientException",
}
# What botocore lets through when a gateway on the way answers in the service's place.
UNREADABLE = (ResponseParserError, ValueError, AttributeError, TypeError)
# What `check` asks of every key, in the service's own words.
FITTING = {
    "KeyState": "Enabled",
    "KeyUsage": "ENCRYPT_DECRYPT",
    "KeySpec": "SYMMETRIC_DEFAULT",
    "MultiRegion": False,
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
    the service authenticates and writes to its own log in clear.

    Attributes:
        keys: ARN by version; the highest version wraps.
        endpoint: address of the service where it is not the region's own.
        read_seconds: how long one of three attempts waits for an answer.
    """

    keys: Mapping[int, str]
    credentials: Credentials
    endpoint: str | None = None
    read_seconds: float = 4.0
    _clients: dict[int, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def current(self) -> int:
        return max(self.keys)

    @property
    def versions(self) -> frozenset[int]:
        return frozenset(self.keys)

    def wrap(self, key: bytes, *, bound_to: bytes) -> tuple[int, bytes]:
        """Raises ``KeyRefused`` or ``KeysUnavailable``."""
        version = self.current
        answer = self._call("encrypt", version, Plaintext=key, EncryptionContext=_context(bound_to))
        return version, _bytes_of(answer, "CiphertextBlob")

    def unwrap(self, version: int, wrapped: bytes, *, bound_to: bytes) -> bytes:
        """Raises ``KeyRefused`` or ``KeysUnavailable``."""
        if version not in self.keys:
            raise KeyRefused(f"DERMALIA_KMS_KEYS has no root key version {version}.")
        if not 0 < len(wrapped) <= MAX_WRAPPED:
            raise KeyRefused(f"A key wrapped by root key version {version} does not open.")
        answer = self._call(
            "decrypt", version, CiphertextBlob=wrapped, EncryptionContext=_context(bound_to)
        )
        return _bytes_of(answer, "Plaintext")

    def check(self) -> None:
        """Refuse keys that are not what they must be; wrap and open a trial key.

        Raises:
            ImproperlyConfigured: a key does not fit, or the account may not use it.
            KeysUnavailable: the service does not answer, so that nothing is known.
        """
        try:
            for version in sorted(self.keys):
                self._require_fitting(version)
            trial = os.urandom(32)
            version, wrapped = self.wrap(trial, bound_to=CHECK)
            opened = self.unwrap(version, wrapped, bound_to=CHECK)
        except KeyRefused as error:
            raise ImproperlyConfigured(f"DERMALIA_KMS_KEYS: {error}") from error
        if opened != trial:
            raise ImproperlyConfigured(f"Root key version {version} opens to something else.")

    def _require_fitting(self, version: int) -> None:
        answer = self._request("describe_key", version)
        found = answer.get("KeyMetadata")
        if not isinstance(found, dict):
            raise _unreadable()
        wanted = {"Arn": self.keys[version], **FITTING}
        for name, value in wanted.items():
            if found.get(name) != value:
                raise KeyRefused(
                    f"Root key version {version} has {name} {found.get(name)!r}, not {value!r}."
                )

    def _call(self, operation: str, version: int, **arguments: Any) -> dict[str, Any]:
        answer = self._request(operation, version, **arguments)
        if "KeyId" not in answer:
            raise _unreadable()
        if answer["KeyId"] != self.keys[version]:
            raise KeyRefused(f"Root key version {version}: another key answered.")
        return answer

    def _request(self, operation: str, version: int, **arguments: Any) -> dict[str, Any]:
        try:
            answer: dict[str, Any] = getattr(self._client, operation)(
                KeyId=self.keys[version], **arguments
            )
        except ClientError as error:
            counters.KEY_FAILURES.labels(outcome="refused").inc()
            raise _translated(error, version) from error
        except BotoCoreError as error:
            counters.KEY_FAILURES.labels(outcome="unanswered").inc()
            raise KeysUnavailable("The key management service does not answer.") from error
        except UNREADABLE as error:
            raise _unreadable() from error
        return answer

    @property
    def _client(self) -> Any:
        # One per process: a connection shared with the process that forked us would hand one
        # process's answers to the other.
        here = os.getpid()
        client = self._clients.get(here)
        if client is None:
            client = self._clients.setdefault(here, self._connected())
        return client

    def _connected(self) -> Any:
        endpoint = self.endpoint or ENDPOINT
        client = _isolated_session().create_client(
            "kms",
            region_name=REGION,
            endpoint_url=endpoint,
            aws_access_key_id=self.credentials.access_key,
            aws_secret_access_key=self.credentials.secret_key,
            verify=DEFAULT_CA_BUNDLE_PATH,
            config=Config(
                connect_timeout=2,
                read_timeout=self.read_seconds,
                retries={"total_max_attempts": 3, "mode": "standard"},
                proxies={},
            ),
        )
        keep_to(endpoint, client.meta.events)
        return client


def keys_from(text: str) -> dict[int, str]:
    """Read ``1=arn:aws:kms:…,2=arn:aws:kms:…``.

    Raises:
        ImproperlyConfigured: there is none, a part is no version with a key of this region, or
            a version or a key comes twice.
    """
    keys: dict[int, str] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        version, _, arn = part.partition("=")
        if not VERSION.fullmatch(version) or not ARN.fullmatch(arn):
            raise ImproperlyConfigured(
                f"DERMALIA_KMS_KEYS: {part!r} is not VERSION=ARN of a single-region key in"
                f" {REGION} (no alias)."
            )
        if int(version) in keys:
            raise ImproperlyConfigured(f"DERMALIA_KMS_KEYS names version {version} twice.")
        if arn in keys.values():
            raise ImproperlyConfigured(
                f"DERMALIA_KMS_KEYS gives version {version} the key of another version: wrapping"
                " by it anew would change nothing."
            )
        keys[int(version)] = arn
    if not keys:
        raise ImproperlyConfigured("DERMALIA_KMS_KEYS names no key.")
    return keys


def _isolated_session() -> Session:
    """A session told everything: nothing of the machine's environment or files is asked.

    Left to itself botocore takes credentials, profiles, models and reporting addresses from
    there, and asks the machine's metadata service.
    """
    session = Session()
    # The store, not the session's own setter: that one takes None for "ask the environment".
    settings = session.get_component("config_store")
    for name, (_, _, default, _) in Session.SESSION_VARIABLES.items():
        settings.set_config_variable(name, default)
    settings.set_config_variable("config_file", os.devnull)
    settings.set_config_variable("credentials_file", os.devnull)
    session.register_component(
        "data_loader", Loader([Loader.BUILTIN_DATA_PATH], include_default_search_paths=False)
    )
    # At DEBUG it writes requests and answers out, and with them keys in clear.
    logging.getLogger("botocore").setLevel(logging.INFO)
    return session


def _context(bound_to: bytes) -> dict[str, str]:
    return {"dermalia": bound_to.decode()}


def _bytes_of(answer: Mapping[str, Any], name: str) -> bytes:
    value = answer.get(name)
    if not isinstance(value, bytes) or not value:
        raise _unreadable()
    return value


def _unreadable() -> KeysUnavailable:
    return KeysUnavailable("What the key management service answers cannot be read.")


def _translated(error: ClientError, version: int) -> KeyRefused | KeysUnavailable:
    code = error.response["Error"]["Code"]
    if code in TAMPERED:
        return KeyRefused(f"A key wrapped by root key version {version} does not open.")
    if code in NOT_USABLE:
        return KeyRefused(f"Root key version {version} cannot be used: {NOT_USABLE[code]}")
    if code in NOT_ADMITTED:
        return KeyRefused(
            f"Root key version {version} cannot be used: the service does not accept us ({code})."
            " Check DERMALIA_KMS_ACCESS_KEY, DERMALIA_KMS_SECRET_KEY and this machine's clock."
        )
    return KeysUnavailable(f"The key management service cannot answer now ({code}).")
