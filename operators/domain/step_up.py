"""A passkey shown for one act, and for no other.

The challenge that the authenticator signs ends with a digest of the act: who, in which session,
what, to which object, with which words. A signature for another act does not fit, and none fits
twice.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass

from audit.canonical import dumps
from audit.chain import record
from audit.words import Action
from dermalia.webauthn import PasskeyRefused, Question
from operators.domain.log import no_practice, operator
from operators.domain.passkeys import ask_about, check_passkey
from operators.domain.sessions import At

DIGEST_LENGTH = hashlib.sha256().digest_size


@dataclass(frozen=True, slots=True)
class Act:
    """What is about to be done.

    Attributes:
        name: of the act, such as ``report.open``.
        object: what it is done to.
        words: what was typed or chosen for it, by field.
    """

    name: str
    object: str
    words: Mapping[str, str]

    def digest(self, at: At) -> bytes:
        """SHA-256 over the act, as done by this operator in this session."""
        meant = {
            "act": self.name,
            "object": self.object,
            "operator": str(at.operator.handle),
            "session": str(at.session.pk),
            "words": dict(self.words),
        }
        return hashlib.sha256(dumps(meant).encode()).digest()


def ask(act: Act, *, at: At) -> Question:
    """What the operator's authenticator is asked to sign for the act."""
    return ask_about(at.operator, act.digest(at))


def confirm(act: Act, *, at: At, answer: str, challenge: bytes) -> None:
    """Take the signature for this act, once.

    Raises:
        PasskeyRefused: it is none, was used, is not of this operator, or is for another act; the
            latter is on record.
    """
    check_passkey(answer=answer, challenge=challenge, who=at.operator)
    meant = hmac.compare_digest(challenge[-DIGEST_LENGTH:], act.digest(at))
    with no_practice():
        record(
            Action.ADMIN_CONFIRMED if meant else Action.ADMIN_REFUSED,
            who=operator(at.operator),
            object_id=at.operator.handle,
        )
    if not meant:
        raise PasskeyRefused
