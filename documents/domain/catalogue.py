"""Which documents there are, what each is for, and what it needs of the practice."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

BILINGUAL = "de-en"
LANGUAGES = ("de", "en")
# Type sizes in points, the first that fits is taken; a sheet that is handed out stays readable.
ONE_SHEET = (11.0, 10.5, 10.0, 9.5, 9.0)
ONE_SHEET_TWICE = (8.2, 7.8, 7.4, 7.0)


class Use(StrEnum):
    """What a practice does with a document."""

    SIGN = "sign"
    HAND_OUT = "hand-out"
    FILE = "file"
    SHOW = "show"


class Form(StrEnum):
    """What a document can be saved as, by the ending of its file."""

    PDF = "pdf"
    WORD = "docx"
    JSON = "json"


USES: Mapping[Use, Promise] = MappingProxyType(
    {
        Use.SIGN: _("To agree on"),
        Use.HAND_OUT: _("To hand out"),
        Use.FILE: _("To file"),
        Use.SHOW: _("To show when asked"),
    }
)


def _each_language() -> Mapping[str, tuple[float, ...]]:
    return MappingProxyType(dict.fromkeys(LANGUAGES, (9.2,)))


@dataclass(frozen=True, slots=True)
class Kind:
    """A document.

    Attributes:
        key: its name in addresses, templates and files.
        purpose: what it is for, in a sentence.
        parties: it names the practice, whose address must therefore be known.
        oversight: it names officer and authority.
        forms: what it can be saved as.
        pages: how many A4 pages it has at least and at most; None where it takes what it takes.
        variants: languages, each with the type sizes tried to keep to ``pages``.
    """

    key: str
    use: Use
    title: Promise
    purpose: Promise
    parties: bool = False
    oversight: bool = False
    forms: tuple[Form, ...] = (Form.PDF,)
    pages: tuple[int, int] | None = None
    variants: Mapping[str, tuple[float, ...]] = field(default_factory=_each_language)


KINDS: tuple[Kind, ...] = (
    Kind(
        key="agreement",
        use=Use.SIGN,
        title=_("Agreement on processing, with both annexes"),
        purpose=_("The edition in force, to read before it is accepted (Art. 28 GDPR)"),
    ),
    Kind(
        key="information",
        use=Use.HAND_OUT,
        title=_("Information for patients"),
        purpose=_("One page, handed out before the first scan (Art. 13 GDPR)"),
        parties=True,
        oversight=True,
        pages=(1, 1),
        variants=MappingProxyType({"de": ONE_SHEET, "en": ONE_SHEET, BILINGUAL: ONE_SHEET_TWICE}),
    ),
    Kind(
        key="consent",
        use=Use.HAND_OUT,
        title=_("Consent to an aesthetic scan"),
        purpose=_("To be signed before a scan that rests on consent alone (Art. 9(2)(a) GDPR)"),
        parties=True,
        forms=(Form.PDF, Form.WORD),
        pages=(1, 1),
        variants=MappingProxyType(dict.fromkeys(LANGUAGES, ONE_SHEET)),
    ),
    Kind(
        key="access",
        use=Use.HAND_OUT,
        title=_("Cover letter to an access request"),
        purpose=_("Goes with the files that “Requests” puts together (Art. 15 GDPR)"),
        parties=True,
        oversight=True,
        forms=(Form.PDF, Form.WORD),
        pages=(1, 2),
        variants=MappingProxyType(dict.fromkeys(LANGUAGES, (10.0, 9.2))),
    ),
    Kind(
        key="assessment",
        use=Use.FILE,
        title=_("Impact assessment, technical part filled in"),
        purpose=_("What is left for you is marked (Art. 35 GDPR)"),
        parties=True,
        forms=(Form.PDF, Form.WORD),
        pages=(2, 4),
    ),
    Kind(
        key="record",
        use=Use.FILE,
        title=_("Processor's record for your practice"),
        purpose=_("Our record of processing, the part about you (Art. 30(2) GDPR)"),
        parties=True,
        oversight=True,
        forms=(Form.PDF, Form.JSON),
    ),
    Kind(
        key="measures",
        use=Use.SHOW,
        title=_("Technical and organisational measures"),
        purpose=_("What is switched on at this installation (Art. 32 GDPR)"),
    ),
    Kind(
        key="processors",
        use=Use.SHOW,
        title=_("List of further processors"),
        purpose=_("Who else is involved, for what, and where (Art. 28(2) GDPR)"),
    ),
    Kind(
        key="purpose",
        use=Use.SHOW,
        title=_("Why Dermalia has no medical purpose"),
        purpose=_("Intended purpose, functions, way of the data, and reasoning"),
    ),
)


def kind_of(key: str) -> Kind:
    """Raises LookupError."""
    for kind in KINDS:
        if kind.key == key:
            return kind
    raise LookupError(f"there is no document {key!r}")
