"""The file itself: PDF/A-3a (ISO 19005-3) and PDF/UA-1 (ISO 14289-1), as far as we can look."""

import re
from datetime import UTC
from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest

from tests.reports.pdf.conftest import Example
from tests.reports.pdf.reader import Pdf, Reference, Stream

A4 = [0, 0, 595.276, 841.89]


@pytest.fixture
def pdf(example: Example) -> Pdf:
    return example.pdfs["de"]


def metadata(pdf: Pdf) -> str:
    packet: bytes = pdf[pdf.root["Metadata"]].data
    return packet.decode()


def test_it_claims_both_standards_in_one_block(pdf: Pdf) -> None:
    text = metadata(pdf)
    assert text.count("<rdf:RDF ") == 1
    assert text.count('pdfaid:part="3" pdfaid:conformance="A"') == 1
    assert text.count('pdfuaid:part="1"') == 1
    assert "<pdfaSchema:prefix>pdfuaid</pdfaSchema:prefix>" in text
    described = ET.fromstring(re.sub(r"<\?xpacket[^>]*>", "", text))  # noqa: S314 (ours)
    assert described.tag == "{adobe:ns:meta/}xmpmeta"


def test_it_names_itself_its_language_and_its_date(pdf: Pdf, example: Example) -> None:
    report = example.report
    assert pdf.root["Lang"] == b"de"
    assert pdf.root["ViewerPreferences"] == {"DisplayDocTitle": True}
    assert pdf.info["Title"].startswith(b"Ihr Hautscan vom ")
    assert not pdf.info["Title"].endswith(b"\n")
    assert report.released_at is not None
    assert pdf.info["CreationDate"] == pdf.info["ModDate"]
    date = f"{report.released_at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}Z"
    assert f"<xmp:CreateDate>{date}</xmp:CreateDate>" in metadata(pdf)


def test_colours_mean_the_same_everywhere(pdf: Pdf) -> None:
    (intent,) = pdf.root["OutputIntents"]
    assert pdf[intent]["S"] == "GTS_PDFA1"
    assert pdf[pdf[intent]["DestOutputProfile"]].data[36:40] == b"acsp"


def test_every_font_is_embedded_and_can_be_read_back(pdf: Pdf) -> None:
    fonts = [font for font in pdf.of_type("Font") if font["Subtype"] == "Type0"]
    assert {font["BaseFont"].split("+")[1] for font in fonts} == {"Figtree", "Figtree-Semi-Bold"}
    for font in fonts:
        descriptor = pdf[pdf[font["DescendantFonts"][0]]["FontDescriptor"]]
        assert pdf[descriptor["FontFile2"]].data[:4] == b"\0\1\0\0"
    assert "\ufffd" not in pdf.text


def test_pictures_are_shown_as_they_are(pdf: Pdf) -> None:
    images = [o for o in pdf.objects.values() if isinstance(o, Stream) and "Width" in o.extra]
    assert len(images) >= 3
    assert {image.extra["Interpolate"] for image in images} == {False}
    assert all(image.raw.startswith(b"\xff\xd8") for image in images)
    assert not any(b"Exif" in image.raw for image in images)


def test_the_attached_file_is_part_of_the_document(pdf: Pdf) -> None:
    (file,) = pdf.of_type("Filespec")
    embedded = pdf[file["EF"]["F"]].extra
    assert [pdf[item] for item in pdf.root["AF"]] == [file]
    assert (file["F"], file["UF"], file["AFRelationship"]) == (b"report.json",) * 2 + ("Data",)
    assert embedded["Subtype"] == "application/json"
    assert pdf[pdf.root["Names"]["EmbeddedFiles"]]["Names"][0] == b"report.json"


def test_it_does_nothing_by_itself(pdf: Pdf) -> None:
    keys = {key for value in pdf.objects.values() if isinstance(value, dict) for key in value}
    assert keys & {"AA", "OpenAction", "JS", "JavaScript", "URI", "Annots", "AcroForm"} == set()
    assert b"http://127" not in pdf.data


def test_its_pages_are_a4_and_read_in_the_order_of_the_tree(pdf: Pdf) -> None:
    for page in pdf.pages:
        assert [round(side, 3) for side in page["MediaBox"]] == A4
        assert page["Tabs"] == "S"


def test_everything_on_a_page_is_in_the_tree_or_an_artifact(pdf: Pdf) -> None:
    in_tree = {
        (element["Pg"].number, kid)
        for element in pdf.elements
        for kid in element["K"]
        if isinstance(kid, int)
    }
    marked = {
        (reference.number, int(number))
        for reference in references_to_pages(pdf)
        for number in re.findall(
            rb"MCID (\d+)", pdf[pdf.objects[reference.number]["Contents"]].data
        )
    }
    assert marked == in_tree
    running = [
        pdf[page["Contents"]].data.count(b"/Artifact\n<</Type /Pagination>>") for page in pdf.pages
    ]
    assert running[0] >= 2  # the notice and the page's number
    assert all(count >= 4 for count in running[1:])


def references_to_pages(pdf: Pdf) -> list[Reference]:
    kids: list[Reference] = pdf[pdf.root["Pages"]]["Kids"]
    return kids


def test_every_mark_finds_its_way_back_to_its_element(pdf: Pdf) -> None:
    root = pdf[pdf.root["StructTreeRoot"]]
    pages = pdf[root["ParentTree"]]["Nums"]
    for number, reference in enumerate(references_to_pages(pdf)):
        assert pages[2 * number] == number == pdf[reference]["StructParents"]
        for mark, element in enumerate(pages[2 * number + 1]):
            assert element is None or mark in pdf[element]["K"]


def test_headings_skip_no_level(pdf: Pdf) -> None:
    levels = [int(e["S"][1]) for e in pdf.elements if re.fullmatch(r"H\d", e["S"])]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_bookmarks_lead_to_each_part(pdf: Pdf) -> None:
    assert pdf[pdf.root["Outlines"]]["Count"] == 1 + 3 + 5


def test_every_picture_and_bar_has_words_and_a_place_on_its_page(pdf: Pdf) -> None:
    figures = [element for element in pdf.elements if element["S"] == "Figure"]
    words = [element["Alt"].decode("utf-16" if element["Alt"][:1] == b"\xfe" else "latin-1")
             for element in figures]  # fmt: skip
    assert len(words) >= 3 + 5
    assert len(set(words)) == len(words)
    assert sum("auf einer Skala von 0 bis 100" in text for text in words) == 5
    for figure in figures:
        left, bottom, right, top = figure["A"]["BBox"]
        assert 0 <= left < right <= A4[2]
        assert 0 <= bottom < top <= A4[3]


def test_each_table_says_what_heads_what(pdf: Pdf) -> None:
    headers = {e["ID"]: e["A"]["Scope"] for e in pdf.elements if e["S"] == "TH"}
    cells = [element["A"]["Headers"] for element in pdf.elements if element["S"] == "TD"]
    in_zones = [c for c in cells if sorted(headers[h] for h in c) == ["Column", "Row"]]
    assert len(in_zones) == 5 * 7
    assert all(cells)


def test_tables_are_nested_as_they_must(pdf: Pdf) -> None:
    allowed = {"TR": {"THead", "TBody"}, "TH": {"TR"}, "TD": {"TR"}, "THead": {"Table"},
               "TBody": {"Table"}}  # fmt: skip
    for element in pdf.elements:
        if element["S"] in allowed:
            assert pdf[element["P"]]["S"] in allowed[element["S"]]
