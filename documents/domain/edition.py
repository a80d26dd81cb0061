"""One document in one language, as it is now: its text, its digest, its version and its day."""

import hashlib
import re
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import override

from documents.domain.catalogue import BILINGUAL, LANGUAGES, Kind
from documents.domain.practice import Missing, Stated
from onboarding.domain.facts import facts
from onboarding.domain.texts import RELEASE, RELEASED_ON, current_texts
from reports.domain.due import BERLIN

_ANNEXES = {"agreement": ("agreement", "measures", "processors")}
_LEGAL = {"agreement", "measures", "processors"}
_BLANKS = re.compile(r"\n\s*\n+")


@dataclass(frozen=True, slots=True)
class Edition:
    """What is shown, typeset and counted.

    Attributes:
        body: a fragment of HTML; the digest and the version are taken of it.
        as_of: the day of the newest thing it tells.
        missing: what the practice has yet to say; an edition with any is not to be used.
    """

    kind: Kind
    variant: str
    body: str
    as_of: date
    missing: tuple[Missing, ...]

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.body.encode()).hexdigest()

    @property
    def version(self) -> str:
        return f"{RELEASE}+{self.digest[:8]}"

    @property
    def final(self) -> bool:
        return not self.missing

    @property
    def language(self) -> str:
        """Of the frame around the text; a bilingual sheet begins in German."""
        return "de" if self.variant == BILINGUAL else self.variant

    @property
    def title(self) -> str:
        """In the document's own language."""
        with override(self.language):
            return str(self.kind.title)

    @property
    def file_name(self) -> str:
        """Without an ending; readable in any file system."""
        return f"dermalia-{_slug(self.title)}-{self.variant}"


def edition_of(kind: Kind, variant: str, stated: Stated) -> Edition:
    """The document as it is now, in the practice's scope.

    Args:
        variant: one of ``kind.variants``.
    """
    legal = kind.key in _LEGAL
    return Edition(
        kind=kind,
        variant=variant,
        body=_legal(kind, variant) if legal else _own(kind, variant, stated),
        as_of=RELEASED_ON if legal else stated.as_of,
        missing=tuple(stated.missing(kind)),
    )


def _legal(kind: Kind, language: str) -> str:
    """Of the texts that are accepted, exactly those that will be."""
    texts = current_texts(language)
    wanted = _ANNEXES.get(kind.key, (kind.key,))
    return "".join(f'<section class="text">\n{texts[each].body}</section>\n' for each in wanted)


def _own(kind: Kind, variant: str, stated: Stated) -> str:
    if variant != BILINGUAL:
        return _rendered(kind, variant, stated)
    columns = [
        f'<section class="column" lang="{language}">\n{_rendered(kind, language, stated)}</section>'
        for language in LANGUAGES
    ]
    return '<div class="columns">\n' + "\n".join(columns) + "\n</div>\n"


def _rendered(kind: Kind, language: str, stated: Stated) -> str:
    context: dict[str, Any] = {
        **facts().told(),
        **stated.told(language),
        "release": RELEASE,
        "released_on": RELEASED_ON,
    }
    with override(language), timezone.override(BERLIN):
        html = render_to_string(f"documents/texts/{kind.key}.{language}.html", context)
    return _BLANKS.sub("\n", html).strip() + "\n"


def _slug(name: str) -> str:
    plain = name.lower().translate({0xE4: "ae", 0xF6: "oe", 0xFC: "ue", 0xDF: "ss"})
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
