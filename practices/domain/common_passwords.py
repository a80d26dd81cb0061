"""Passwords that many people have, also where they were made longer to fit.

Of Django's 20,000 only about two hundred have the twelve characters we ask for: whoever guesses
takes the others twice, two of them, or one with a year behind it.
"""

import re

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ValidationError

MOST_ADDED = 6  # digits and signs around a common password that do not make it another one
SHORTEST_UNIT = 6  # characters; repeating fewer makes nothing longer
_AROUND = re.compile(r"^([\W\d_]*)(.*?)([\W\d_]*)$", re.DOTALL)
_TAIL = re.compile(rf"[\W\d_]{{1,{MOST_ADDED}}}$")
_REPEATED = re.compile(r"^(.+?)\1+$", re.DOTALL)


class CommonPasswords(CommonPasswordValidator):
    """One of ``AUTH_PASSWORD_VALIDATORS``; says what Django's own says."""

    def validate(self, password: str, user: AbstractBaseUser | None = None) -> None:  # noqa: ARG002
        """Raises ``ValidationError`` if the password is a common one, or made of common ones."""
        plain = password.casefold().strip()
        if any(map(self._is_common, {plain, _without_tail(plain), _bare(plain)})):
            raise ValidationError(self.get_error_message(), code="password_too_common")

    def _is_common(self, plain: str) -> bool:
        unit = _unit(plain)
        if unit != plain and (len(unit) < SHORTEST_UNIT or unit in self.passwords):
            return True
        return plain in self.passwords or any(
            plain[:at] in self.passwords and plain[at:] in self.passwords
            for at in range(1, len(plain))
        )


def _unit(plain: str) -> str:
    """What the whole is a repetition of; the whole if of nothing."""
    repeated = _REPEATED.match(plain)
    return repeated[1] if repeated else plain


def _without_tail(plain: str) -> str:
    """Without a year or a sign behind it."""
    return _TAIL.sub("", plain)


def _bare(plain: str) -> str:
    """Without the few digits and signs on both sides."""
    around = _AROUND.match(plain)
    if around is None or len(around[1]) + len(around[3]) > MOST_ADDED:
        return plain
    return around[2]
