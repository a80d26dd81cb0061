"""Each document as a file: its pages, its bytes, and all of them together."""

import hashlib
import io
import json
import re
from zipfile import ZipFile

import pytest
from docx import Document

from documents.domain import paper
from documents.domain.catalogue import KINDS, Form, Kind, kind_of
from documents.domain.edition import Edition, edition_of
from documents.domain.files import made
from documents.domain.pack import MANIFEST, pack_of
from documents.domain.paper import NotFinal
from documents.domain.practice import Stated, stated_by
from documents.domain.word import UnknownElement, as_word
from onboarding.domain.particulars import change_practice
from onboarding.domain.recipients import add
from practices.models import Practice, User
from reports.pdf import ErrorCode, PdfError
from tests.reports.pdf.reader import Pdf

EDITIONS = [(kind, variant) for kind in KINDS for variant in kind.variants]
NAMES = [f"{kind.key}-{variant}" for kind, variant in EDITIONS]
IN_WORD = [(kind, variant) for kind, variant in EDITIONS if Form.WORD in kind.forms]


@pytest.mark.parametrize(("kind", "variant"), EDITIONS, ids=NAMES)
def test_each_document_is_typeset_on_its_number_of_pages(
    stated: Stated, kind: Kind, variant: str
) -> None:
    edition = edition_of(kind, variant, stated)
    pdf = Pdf(made(edition, Form.PDF).content)
    least, most = kind.pages or (1, 12)
    assert least <= len(pdf.pages) <= most
    text = "".join(pdf.text.split())
    assert edition.digest in text
    assert edition.version in text


def test_a_long_name_still_leaves_the_sheet_one_page(stated: Stated, staff_user: User) -> None:
    long = "Gemeinschaftspraxis für Dermatologie, Allergologie und Lasermedizin am Demoplatz"
    change_practice(staff_user, {"name": long, "street": "An der sehr langen Beispielallee 1234"})
    sheet = edition_of(kind_of("information"), "de", stated_by(_again(stated)))
    assert long in sheet.body
    assert len(Pdf(made(sheet, Form.PDF).content).pages) == 1


def test_what_fits_in_no_size_is_no_second_page(stated: Stated, staff_user: User) -> None:
    for number in range(60):
        add(staff_user, name=f"Labor {number}", purpose="Zweitmeinung " * 12, basis="Einwilligung")
    sheet = edition_of(kind_of("information"), "de", stated_by(_again(stated)))
    with pytest.raises(PdfError) as refused:
        made(sheet, Form.PDF)
    assert refused.value.code == ErrorCode.TOO_MANY_PAGES


def test_the_same_content_is_the_same_file(stated: Stated) -> None:
    edition = edition_of(kind_of("consent"), "en", stated)
    first = made(edition, Form.PDF).content
    paper._pdf.cache_clear()  # as another server, or this one tomorrow
    assert made(edition, Form.PDF).content == first


@pytest.mark.parametrize(("kind", "variant"), IN_WORD, ids=[f"{k.key}-{v}" for k, v in IN_WORD])
def test_a_word_file_has_every_word_and_is_the_same_each_time(
    stated: Stated, kind: Kind, variant: str
) -> None:
    edition = edition_of(kind, variant, stated)
    content = made(edition, Form.WORD).content
    assert made(edition, Form.WORD).content == content
    document = Document(io.BytesIO(content))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    told = _letters(" ".join([*(p.text for p in document.paragraphs), *cells]))
    missing = [word for word in _letters(_plain(edition)) if word not in set(told)]
    assert missing == []
    assert document.core_properties.title == edition.title
    assert all(info.date_time[0] == 1980 for info in ZipFile(io.BytesIO(content)).infolist())


def test_what_word_does_not_know_is_no_silent_loss(stated: Stated) -> None:
    edition = edition_of(kind_of("consent"), "de", stated)
    strange = Edition(edition.kind, "de", "<video>no</video>", edition.as_of, ())
    with pytest.raises(UnknownElement):
        as_word(strange)


def test_the_record_for_programs_has_its_sections(stated: Stated) -> None:
    told = json.loads(made(edition_of(kind_of("record"), "en", stated), Form.JSON).content)
    assert told["document"] == "record"
    headings = [section["heading"][:2] for section in told["sections"]]
    assert headings[1:5] == ["a)", "b)", "c)", "d)"]
    assert all(section["lines"] for section in told["sections"])


def test_what_is_not_final_is_no_file(scope: Practice) -> None:
    edition = edition_of(kind_of("information"), "de", stated_by(scope))
    assert [each.url_name for each in edition.missing] == [
        *["onboarding:practice"] * 3,
        *["onboarding:oversight"] * 2,
    ]
    with pytest.raises(NotFinal):
        made(edition, Form.PDF)


def test_the_pack_lists_every_file_with_its_checksum(stated: Stated, plain_paper: None) -> None:
    pack = pack_of(stated, language="de")
    content = b"".join(pack.pieces())
    assert content == b"".join(pack_of(stated, language="de").pieces())
    archive = ZipFile(io.BytesIO(content))
    listed = json.loads(archive.read(MANIFEST))
    assert listed["not_final"] == []
    assert [entry["path"] for entry in listed["files"]] == archive.namelist()[:-1]
    assert len(listed["files"]) == sum(len(kind.forms) * len(kind.variants) for kind in KINDS)
    for entry in listed["files"]:
        assert hashlib.sha256(archive.read(entry["path"])).hexdigest() == entry["sha256"]


def test_the_pack_names_what_is_not_final(scope: Practice, plain_paper: None) -> None:
    pack = pack_of(stated_by(scope), language="en")
    listed = json.loads(dict(pack.files)[MANIFEST])
    needy = {kind.key for kind in KINDS if kind.parties or kind.oversight}
    assert set(listed["not_final"]) == needy
    assert not needy & {entry["document"] for entry in listed["files"]}


def test_names_of_files_are_readable_everywhere(stated: Stated) -> None:
    names = {edition_of(kind, variant, stated).file_name for kind, variant in EDITIONS}
    assert len(names) == len(EDITIONS)
    assert all(re.fullmatch(r"dermalia-[a-z0-9-]+", name) for name in names)


def _again(stated: Stated) -> Practice:
    return Practice.objects.get(pk=stated.practice.pk)


def _plain(edition: Edition) -> str:
    return re.sub(r"<[^>]*>", " ", edition.body).replace("&#x27;", "'").replace("&amp;", "&")


def _letters(text: str) -> list[str]:
    return re.findall(r"\w+", text)
