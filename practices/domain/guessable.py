"""Words that anybody would try first here: they do not count towards a password's length.

A sentence that happens to hold one stays allowed; what is made of them does not (docs/sign-in.md).
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import ngettext

from practices.models import User

# What the service is called and about, in both languages; longer ones before their own beginnings.
WORDS = (
    "dermalia",
    "isemeco",
    "dermatologie",
    "dermatology",
    "dermatologe",
    "dermatologin",
    "hautarztpraxis",
    "hautpraxis",
    "hautarzt",
    "hautscan",
    "skinscan",
    "scanner",
    "kosmetik",
    "cosmetic",
    "aesthetik",
    "asthetik",
    "patient",
    "practice",
    "praxis",
    "passwort",
    "password",
    "willkommen",
    "welcome",
)
SHORTEST_OF_A_NAME = 4  # letters; "am" and "Dr" of a practice's name are in every sentence
# One character for one: what is left over is counted.
_LOOKALIKES = str.maketrans("013457@$!", "oieastasi")


class GuessableWords:
    """One of ``AUTH_PASSWORD_VALIDATORS``.

    Args:
        min_length: characters that have to be left without the words.
    """

    def __init__(self, min_length: int) -> None:
        self.min_length = min_length

    def validate(self, password: str, user: User | None = None) -> None:
        """Raises ``ValidationError`` if too little is left without the words."""
        plain = _plain(password)
        left = _without(plain, [*WORDS, *_names(user)])
        if left == plain or len(left) >= self.min_length:
            return
        raise ValidationError(
            ngettext(
                "The names of Dermalia and of your practice, and words of its field, are easy to"
                " guess. Please use at least %(count)d character besides them.",
                "The names of Dermalia and of your practice, and words of its field, are easy to"
                " guess. Please use at least %(count)d characters besides them.",
                self.min_length,
            )
            % {"count": self.min_length},
            code="password_of_guessable_words",
        )

    def get_help_text(self) -> str:
        """Nothing to read in advance: whoever meets the rule is told."""
        return ""


def _names(user: User | None) -> Iterable[str]:
    """Words of the names that anybody knows: the operator's, the practice's, its town's."""
    known = [settings.OPERATOR["name"]]
    if user is not None:
        known += [user.practice.name, user.practice.city, user.practice.street]
    return (
        word
        for name in known
        for word in re.findall(r"[^\W\d_]+", _folded(name))
        if len(word) >= SHORTEST_OF_A_NAME
    )


def _without(plain: str, words: Sequence[str]) -> str:
    """The longest first, so that a short one leaves no half of a long one behind."""
    longest_first = sorted({_plain(word) for word in words}, key=len, reverse=True)
    return re.sub("|".join(map(re.escape, longest_first)), "", plain)


def _plain(text: str) -> str:
    """As somebody reads it who guesses: no capitals, no accents, no digits for letters."""
    return _folded(text).translate(_LOOKALIKES)


def _folded(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(each for each in decomposed if not unicodedata.combining(each))
