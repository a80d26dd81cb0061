"""The finished document, sealed beside the scan's other files so that it is erased with them.

A language has one file. It is made when somebody first asks for it, and anew once it would say
something else: another due date, another address of the practice.
"""

from dataclasses import dataclass
from hashlib import sha256

from django.core.files.storage import storages
from django.db.models import QuerySet
from django.db.models.functions import Now

from dermalia.sealing import objects
from dermalia.sealing.keys import UnlockedKey
from dermalia.tenancy import practice_scope
from reports.models import Report
from scans.models import Asset, Scan

from .document import Document, Letterhead, compose
from .model import Source
from .runner import typeset


class ReportGone(Exception):
    """The scan was erased while its document was made."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A document somebody may have, and the file of it if there is one already."""

    scan: Scan
    key: UnlockedKey
    document: Document
    language: str
    kept: Asset | None

    @property
    def name(self) -> str:
        """What its file is called: by language and by content."""
        return f"{_stem(self.language)}{self.document.fingerprint(self.key)}.pdf"


def look_up(
    *,
    scan: Scan,
    report: Report | None,
    key: UnlockedKey,
    language: str,
    letterhead: Letterhead | None = None,
) -> Wanted:
    """Compose the document of a scan that is ready, in the practice's scope; takes milliseconds."""
    document = compose(scan=scan, report=report, key=key, language=language, letterhead=letterhead)
    wanted = Wanted(scan, key, document, language, kept=None)
    kept = _files(scan, language).filter(name=wanted.name, stored_at__isnull=False).first()
    return Wanted(scan, key, document, language, kept)


def obtain(wanted: Wanted) -> Asset:
    """The sealed file, typeset now if need be, which takes a second or two.

    Call it outside of any scope: a scope is a transaction, and whoever has just recorded an access
    in it would keep everybody else of the practice from the log for as long.

    Raises:
        PdfError: it could not be typeset.
        ReportGone: the scan has been erased meanwhile.
    """
    if wanted.kept is not None:
        return wanted.kept
    return _keep(wanted, typeset(_source(wanted)))


def _source(wanted: Wanted) -> Source:
    try:
        return wanted.document.source(wanted.key)
    except FileNotFoundError as error:
        with practice_scope(wanted.scan.practice_id):
            if Scan.objects.filter(pk=wanted.scan.pk).exists():
                raise  # a picture of a scan that is there has to be there
        raise ReportGone from error


def _keep(wanted: Wanted, pdf: bytes) -> Asset:
    scan = wanted.scan
    with practice_scope(scan.practice_id):
        # An erasure that begins now waits until the object is there to be found and deleted; one
        # that came first has left no row. Of two that made the same file one waits for the other.
        if not Scan.objects.select_for_update(no_key=True).filter(pk=scan.pk).exists():
            raise ReportGone
        before = list(_files(scan, wanted.language))
        made = next((file for file in before if file.name == wanted.name), None)
        if made is not None:
            return made
        asset = _store(wanted, pdf)
        for file in before:
            file.delete()
    for file in before:
        storages["objects"].delete(file.object_name)
    return asset


def _store(wanted: Wanted, pdf: bytes) -> Asset:
    asset = Asset(
        practice_id=wanted.scan.practice_id,
        scan=wanted.scan,
        origin=Asset.Origin.DERIVED,
        kind=Asset.Kind.PDF,
        name=wanted.name,
        media_type="application/pdf",
        bytes=len(pdf),
        sha256=sha256(pdf).digest(),
        object_name=objects.new_name(wanted.scan.prefix),
        stored_at=Now(),
    )
    asset.save(force_insert=True)
    objects.put(wanted.key, asset.object_name, [pdf], length=len(pdf))
    return asset


def _files(scan: Scan, language: str) -> QuerySet[Asset]:
    return Asset.objects.filter(
        scan=scan, kind=Asset.Kind.PDF, name__startswith=_stem(language)
    ).order_by("pk")


def _stem(language: str) -> str:
    return f"document-{language}-"
