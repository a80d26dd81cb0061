"""WebAuthn by py_webauthn, with what that library leaves to its user: the part without rows.

User verification is demanded and enforced here. Whoever keeps the credentials sees to it that a
challenge is answered once, that a credential belongs to the user its handle names, and stores
the signature counter: one that runs backwards is refused here.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit
from uuid import UUID

from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import (
    parse_authentication_credential_json,
    parse_registration_credential_json,
)
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AttestationConveyancePreference,
    AuthenticationCredential,
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

LONGEST_ANSWER = 16_384  # characters of JSON; real ones have about a thousand
# The library names its own refusals, but lets these through where a field is malformed.
MALFORMED = (WebAuthnException, ValueError, KeyError, TypeError)
KNOWN_TRANSPORTS = {each.value for each in AuthenticatorTransport}


class PasskeyRefused(Exception):
    """The authenticator's answer proves nothing."""


class Credential(Protocol):
    """A stored passkey."""

    @property
    def credential_id(self) -> bytes | memoryview: ...
    @property
    def public_key(self) -> bytes | memoryview: ...
    @property
    def sign_count(self) -> int: ...
    @property
    def transports(self) -> list[str]: ...


@dataclass(frozen=True, slots=True)
class Question:
    """What a browser asks its authenticator: options as JSON, and the challenge in them."""

    options: str
    challenge: bytes


@dataclass(frozen=True, slots=True)
class Made:
    """A passkey that an authenticator has just made; ``public_key`` is COSE."""

    credential_id: bytes
    public_key: bytes
    sign_count: int
    transports: list[str]


@dataclass(frozen=True, slots=True)
class Shown:
    """An answer that was read, but not checked: which credential, and whose it says it is."""

    credential: AuthenticationCredential

    @property
    def credential_id(self) -> bytes:
        return bytes(self.credential.raw_id)

    @property
    def handle(self) -> UUID | None:
        """The user that the authenticator names; None where it names nobody of ours."""
        handle = self.credential.response.user_handle
        return UUID(bytes=bytes(handle)) if handle is not None and len(handle) == 16 else None


@dataclass(frozen=True, slots=True)
class Site:
    """Where passkeys are made and shown: they open no other origin.

    Attributes:
        url: the origin, as ``https://host`` with a port where there is one.
        name: what authenticators show beside the account.
        seconds: how long a browser waits for its authenticator.
    """

    url: str
    name: str
    seconds: int = 120

    def ask_for_new(
        self, *, handle: UUID, label: str, held: Iterable[Credential], challenge: bytes
    ) -> Question:
        """Options to make a passkey on an authenticator that holds none of ``held``."""
        options = generate_registration_options(
            rp_id=self._host,
            rp_name=self.name,
            user_id=handle.bytes,
            user_name=label,
            user_display_name=label,
            challenge=challenge,
            timeout=self.seconds * 1000,
            attestation=AttestationConveyancePreference.NONE,
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED,
                require_resident_key=True,
                user_verification=UserVerificationRequirement.REQUIRED,
            ),
            exclude_credentials=_descriptors(held),
        )
        return Question(options_to_json(options), challenge)

    def ask(self, *, allowed: Iterable[Credential] = (), challenge: bytes) -> Question:
        """Options to show one of the passkeys; any of this site by default, naming nobody."""
        options = generate_authentication_options(
            rp_id=self._host,
            challenge=challenge,
            timeout=self.seconds * 1000,
            allow_credentials=_descriptors(allowed),
            user_verification=UserVerificationRequirement.REQUIRED,
        )
        return Question(options_to_json(options), challenge)

    def check_new(self, *, answer: str, challenge: bytes) -> Made:
        """The passkey that was made in answer to the challenge.

        Raises:
            PasskeyRefused: it was not, or not here, or the person was not verified.
        """
        _require_short(answer)
        try:
            credential = parse_registration_credential_json(answer)
            made = verify_registration_response(
                credential=credential,
                expected_challenge=challenge,
                expected_rp_id=self._host,
                expected_origin=self._origin,
                require_user_verification=True,
            )
        except MALFORMED as error:
            raise PasskeyRefused from error
        return Made(
            made.credential_id,
            made.credential_public_key,
            made.sign_count,
            [each.value for each in credential.response.transports or []],
        )

    def check_shown(self, shown: Shown, *, passkey: Credential, challenge: bytes) -> int:
        """The passkey's new signature counter.

        Raises:
            PasskeyRefused: it did not sign the challenge, or not here, its counter ran backwards,
                or the person was not verified.
        """
        try:
            verified = verify_authentication_response(
                credential=shown.credential,
                expected_challenge=challenge,
                expected_rp_id=self._host,
                expected_origin=self._origin,
                credential_public_key=bytes(passkey.public_key),
                credential_current_sign_count=passkey.sign_count,
                require_user_verification=True,
            )
        except MALFORMED as error:
            raise PasskeyRefused from error
        return verified.new_sign_count

    @property
    def _host(self) -> str:
        return urlsplit(self.url).hostname or ""

    @property
    def _origin(self) -> str:
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}"


def read_shown(answer: str) -> Shown:
    """Read an answer without believing it.

    Raises:
        PasskeyRefused: it is none.
    """
    _require_short(answer)
    try:
        return Shown(parse_authentication_credential_json(answer))
    except MALFORMED as error:
        raise PasskeyRefused from error


def _require_short(answer: str) -> None:
    if len(answer) > LONGEST_ANSWER:
        raise PasskeyRefused


def _descriptors(passkeys: Iterable[Credential]) -> list[PublicKeyCredentialDescriptor]:
    return [
        PublicKeyCredentialDescriptor(
            id=bytes(passkey.credential_id), transports=_transports(passkey.transports)
        )
        for passkey in passkeys
    ]


def _transports(names: Sequence[str]) -> list[AuthenticatorTransport]:
    return [AuthenticatorTransport(each) for each in names if each in KNOWN_TRANSPORTS]
