"""Passkeys: WebAuthn by py_webauthn, with what that library leaves to its user.

User verification is demanded and enforced here, a challenge is answered once
(``practices.domain.challenges``), a credential belongs to the user its handle names, and a
signature counter that runs backwards is refused.
"""

from dataclasses import dataclass
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.db.models.functions import Now
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

from audit.chain import record
from audit.words import Action
from dermalia.tenancy import practice_scope
from practices.domain.challenges import new_challenge, use_challenge
from practices.domain.staff import staff
from practices.models import Passkey, User

TIMEOUT_MILLISECONDS = 120_000
LONGEST_ANSWER = 16_384  # characters of JSON; real ones have about a thousand
MOST_PASSKEYS = 10  # of one user
# The library names its own refusals, but lets these through where a field is malformed.
MALFORMED = (WebAuthnException, ValueError, KeyError, TypeError)
KNOWN_TRANSPORTS = {each.value for each in AuthenticatorTransport}


class PasskeyRefused(Exception):
    """The authenticator's answer proves nothing."""


@dataclass(frozen=True, slots=True)
class Question:
    """What a browser asks its authenticator: options as JSON, and the challenge in them."""

    options: str
    challenge: bytes


def ask_for_new(user: User) -> Question:
    """Options to make a passkey, in the scope of the user's practice."""
    challenge = new_challenge()
    options = generate_registration_options(
        rp_id=_host(),
        rp_name="Dermalia",
        user_id=user.handle.bytes,
        user_name=user.email,
        user_display_name=user.email,
        challenge=challenge,
        timeout=TIMEOUT_MILLISECONDS,
        attestation=AttestationConveyancePreference.NONE,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            require_resident_key=True,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=_descriptors(user),
    )
    return Question(options_to_json(options), challenge)


def ask_anybody() -> Question:
    """Options to sign in by any passkey of this host; they name nobody."""
    return _ask([])


def ask(user: User) -> Question:
    """Options to show one of the user's own passkeys, in the scope of their practice."""
    return _ask(_descriptors(user))


def add_passkey(*, user: User, name: str, answer: str, challenge: bytes) -> Passkey:
    """Keep the passkey that an authenticator made, in the scope of the user's practice.

    Raises:
        PasskeyRefused: the answer is not one to this challenge from this site, the person was
            not verified, or the credential exists already.
    """
    if len(answer) > LONGEST_ANSWER or not use_challenge(challenge):
        raise PasskeyRefused
    if Passkey.objects.filter(user=user).count() >= MOST_PASSKEYS:
        raise PasskeyRefused
    try:
        credential = parse_registration_credential_json(answer)
        made = verify_registration_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=_host(),
            expected_origin=_origin(),
            require_user_verification=True,
        )
    except MALFORMED as error:
        raise PasskeyRefused from error
    passkey, new = Passkey.objects.get_or_create(
        practice_id=user.practice_id,
        credential_id=made.credential_id,
        defaults={
            "user": user,
            "public_key": made.credential_public_key,
            "sign_count": made.sign_count,
            "transports": [each.value for each in credential.response.transports or []],
            "name": name[:60],
        },
    )
    if not new:
        raise PasskeyRefused
    record(Action.FACTOR_ADDED, who=staff(user), object_id=passkey.pk)
    return passkey


def check_passkey(*, answer: str, challenge: bytes, user: User | None = None) -> User:
    """Whose passkey signed the challenge.

    Args:
        user: who must have signed it; anybody by default, as named by the credential.

    Raises:
        PasskeyRefused: nobody's, or not by somebody who was verified while signing.
    """
    if len(answer) > LONGEST_ANSWER or not use_challenge(challenge):
        raise PasskeyRefused
    try:
        credential = parse_authentication_credential_json(answer)
    except MALFORMED as error:
        raise PasskeyRefused from error
    owner = _named_by(credential) or user
    if owner is None or (user is not None and owner.pk != user.pk):
        raise PasskeyRefused
    with practice_scope(owner.practice_id):
        # Refused outside of the scope, so that what the scope wrote of it stays.
        accepted = _check(credential, challenge, owner)
    if not accepted:
        raise PasskeyRefused
    return owner


def _check(credential: AuthenticationCredential, challenge: bytes, owner: User) -> bool:
    passkey = (
        Passkey.objects.select_for_update()
        .filter(user=owner, credential_id=credential.raw_id)
        .first()
    )
    if passkey is None:
        return False
    try:
        verified = verify_authentication_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=_host(),
            expected_origin=_origin(),
            credential_public_key=bytes(passkey.public_key),
            credential_current_sign_count=passkey.sign_count,
            require_user_verification=True,
        )
    except MALFORMED:
        record(Action.STAFF_REFUSED, who=staff(owner), object_id=passkey.pk)
        return False
    Passkey.objects.filter(pk=passkey.pk).update(sign_count=verified.new_sign_count, used_at=Now())
    return True


def _ask(allowed: list[PublicKeyCredentialDescriptor]) -> Question:
    challenge = new_challenge()
    options = generate_authentication_options(
        rp_id=_host(),
        challenge=challenge,
        timeout=TIMEOUT_MILLISECONDS,
        allow_credentials=allowed,
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return Question(options_to_json(options), challenge)


def _descriptors(user: User) -> list[PublicKeyCredentialDescriptor]:
    return [
        PublicKeyCredentialDescriptor(
            id=bytes(passkey.credential_id),
            transports=[
                AuthenticatorTransport(each)
                for each in passkey.transports
                if each in KNOWN_TRANSPORTS
            ],
        )
        for passkey in Passkey.objects.filter(user=user)
    ]


def _named_by(credential: AuthenticationCredential) -> User | None:
    handle = credential.response.user_handle
    if handle is None or len(handle) != 16:
        return None
    return User.objects.filter(handle=UUID(bytes=bytes(handle)), is_active=True).first()


def _host() -> str:
    return urlsplit(settings.PUBLIC_URL).hostname or ""


def _origin() -> str:
    parts = urlsplit(settings.PUBLIC_URL)
    return f"{parts.scheme}://{parts.netloc}"
