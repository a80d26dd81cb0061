"""The texts in force: rendered from templates, settings and the register, and stored once.

A version is the release named in the code and the beginning of the text's own digest, so that
no letter, nor an entry of the register, can change without being another version.
"""

import hashlib
import re
from collections.abc import Mapping
from datetime import date
from functools import lru_cache

from django.template.loader import render_to_string
from django.utils.translation import override

from onboarding.domain.facts import Facts, facts
from onboarding.models import LegalText

Kind = LegalText.Kind
RELEASE, RELEASED_ON = "1.2.0", date(2026, 11, 21)
_BLANK_LINES = re.compile(r"\n\s*\n+")


def current_text(kind: str, language: str) -> LegalText:
    """The edition in force in a language; stored when it is first asked for."""
    body = _render(kind, language)
    digest = hashlib.sha256(body.encode()).digest()
    known = LegalText.objects.filter(digest=digest).first()
    if known is not None:
        return known
    text, _created = LegalText.objects.get_or_create(
        digest=digest,
        defaults={
            "kind": kind,
            "language": language,
            "version": f"{RELEASE}+{digest.hex()[:8]}",
            "body": body,
        },
    )
    return text


def current_texts(language: str) -> Mapping[str, LegalText]:
    """The three editions in force, by kind, in the order in which they are read."""
    return {kind.value: current_text(kind, language) for kind in Kind}


def current_digests(language: str) -> set[bytes]:
    """What ``current_texts`` would have; asks no database, as every page of an owner wants it."""
    return {hashlib.sha256(_render(kind, language).encode()).digest() for kind in Kind}


def is_genuine(text: LegalText) -> bool:
    """Whether the stored text is the one its digest was taken of."""
    return hashlib.sha256(text.body.encode()).digest() == bytes(text.digest)


def _render(kind: str, language: str) -> str:
    """The text as the installation is set up now."""
    return _rendered(kind, language, facts())


@lru_cache(maxsize=32)
def _rendered(kind: str, language: str, known: Facts) -> str:
    """Remembered, as every page of an owner asks whether there is a newer edition."""
    # A template a language: a contract is written twice, not translated sentence by sentence.
    context = {**known.told(), "release": RELEASE, "released_on": RELEASED_ON, "kind": kind}
    with override(language):
        html = render_to_string(f"onboarding/texts/{kind}.{language}.html", context)
    return _BLANK_LINES.sub("\n", html).strip() + "\n"
