"""What a report's document says: the page's content, in a document's form."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext

from dermalia.sealing import objects
from dermalia.sealing.keys import UnlockedKey
from reports import wording
from reports.domain.branding import LIGHT, Accent
from reports.domain.color import Rgb
from reports.domain.due import BERLIN
from reports.domain.page import Page, build_page
from reports.models import Report
from scans.models import Asset, Scan
from scans.queries import derived

from . import data
from .model import Attachment, Source

_STYLES = ("report.css", "values.css")
_LOGO = "logo"
_FRONT = "front"
# A later version may set other lines, and then makes the file anew.
_MADE_BY = f"1 weasyprint {version('weasyprint')}"


# The values of frontend/css/tokens.css, by day.
_OUR_COLORS = Accent(
    accent=Rgb.parse("0e5a61"),
    strong=Rgb.parse("0a464c"),
    soft=Rgb.parse("dceae8"),
    on_accent=Rgb.parse("fdfbf7"),
)


@dataclass(frozen=True, slots=True)
class Letterhead:
    """What a practice puts on its paper beside its name and address.

    Attributes:
        accent: six hexadecimal digits, made darker where paper needs it; empty for our own.
        logo: a JPEG, PNG or WebP file; empty for none.
    """

    accent: str = ""
    logo: bytes = b""

    @property
    def colors(self) -> Accent:
        """Raises ValueError where ``accent`` is no colour."""
        return Accent.derive(Rgb.parse(self.accent), LIGHT) if self.accent else _OUR_COLORS


@dataclass(frozen=True, slots=True)
class Document:
    """A report's document before its pictures are opened."""

    html: str
    attachment: Attachment
    created: datetime
    stills: Mapping[str, Asset]
    logo: bytes

    def fingerprint(self, key: UnlockedKey) -> str:
        """32 hexadecimal digits, equal for equal documents; they say nothing without the key."""
        parts = [
            *(_MADE_BY, self.html, _style(), self.created.isoformat()),
            *(self.attachment.description, self.attachment.data.decode()),
            *(bytes(still.sha256 or b"").hex() for still in self.stills.values()),
            hashlib.sha256(self.logo).hexdigest(),
        ]
        digest = hashlib.sha256(json.dumps(parts).encode()).hexdigest()
        return key.blind_index(digest, name="report.pdf").hex()

    def source(self, key: UnlockedKey) -> Source:
        """With its pictures, opened."""
        pictures = {
            name: objects.read_all(key, still.object_name) for name, still in self.stills.items()
        }
        if self.logo:
            pictures[_LOGO] = self.logo
        return Source(
            html=self.html,
            style=_style(),
            attachment=self.attachment,
            created=self.created,
            pictures=pictures,
        )


def compose(
    *,
    scan: Scan,
    report: Report | None,
    key: UnlockedKey,
    language: str,
    letterhead: Letterhead | None = None,
) -> Document:
    """The document of a scan that is ready, in the practice's scope.

    Args:
        language: ``de`` or ``en``.
    """
    letterhead = letterhead or Letterhead()
    stills, created = _stills(scan), _date(scan, report)
    with translation.override(language), timezone.override(BERLIN):
        page = build_page(scan=scan, report=report, key=key, file_url=lambda asset: asset.name)
        context = {
            "page": page,
            "title": _title(page),
            "language": language,
            "created": created.astimezone(UTC).isoformat().replace("+00:00", "Z"),
            "logo": bool(letterhead.logo),
            "accent": letterhead.colors,
            "views": _views(stills),
            "values": [(metric, f"{_FRONT}-{metric.key}" in stills) for metric in page.metrics],
        }
        html = render_to_string("reports/pdf/report.html", context)
        description = gettext("The values of this report, in a form for programs")
    encoded = data.encode(scan=scan, page=page, key=key)
    return Document(
        html=html,
        attachment=Attachment(data.NAME, data.MEDIA_TYPE, description, encoded),
        created=created,
        stills=stills,
        logo=letterhead.logo,
    )


def _title(page: Page) -> str:
    if page.captured_at is None:
        return gettext("Your skin scan")
    day = date_format(timezone.localtime(page.captured_at), "DATE_FORMAT")
    return gettext("Your skin scan of %(date)s") % {"date": day}


def _style() -> str:
    return "".join(Path(__file__).with_name(name).read_text() for name in _STYLES)


def _date(scan: Scan, report: Report | None) -> datetime:
    """When the content came to be: a file made again later is the same file."""
    at = (report and report.released_at) or scan.ready_at
    assert at is not None, "only a scan that is ready has a document"
    return at.replace(microsecond=0)


def _stills(scan: Scan) -> dict[str, Asset]:
    """The faces from all sides, and each metric's on the front, by the names the pages use."""
    found = {
        "-".join(filter(None, (file.view, file.metric))): file
        for file in derived(scan=scan)
        if file.kind == Asset.Kind.STILL
    }
    wanted = [*wording.VIEWS, *(f"{_FRONT}-{metric}" for metric in wording.EXPLANATIONS)]
    return {name: found[name] for name in wanted if name in found}


def _views(stills: Mapping[str, Asset]) -> list[dict[str, str]]:
    labels = wording.VIEWS
    return [{"name": view, "label": str(labels[view])} for view in stills if view in labels]
