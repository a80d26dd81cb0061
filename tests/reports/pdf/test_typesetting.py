"""The typesetter: the same bytes every time, nothing from outside, and an end to everything.

What only a process of its own can show is shown in one; the rest is asked of the typesetter itself.
"""

import importlib.util
import io
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar

import pytest
from PIL import Image

from dermalia.confined import Child
from reports.pdf import (
    Attachment,
    ErrorCode,
    PdfError,
    Source,
    fonts,
    prepare,
    runner,
    typeset,
    typesetting,
)
from reports.pdf.limits import MIB, PdfLimits
from tests.reports.pdf.reader import Pdf, Stream

# WeasyPrint leaves the colour profile it reads to the garbage collector.
pytestmark = pytest.mark.filterwarnings(
    "ignore:.*sRGB2014.icc:pytest.PytestUnraisableExceptionWarning"
)
Typesetter = Callable[[Source, PdfLimits | None], bytes]
PNG = "data:image/png;base64,iVBORw0KGgo="


def document(body: str, style: str = "", **pictures: bytes) -> Source:
    return Source(
        html=f"<html lang=de><head><title>Test</title></head><body>{body}</body></html>",
        style=style + "body { font-family: Figtree }",
        attachment=Attachment("report.json", "application/json", "", b"{}"),
        created=datetime(2026, 5, 3, tzinfo=UTC),
        pictures=pictures,
    )


def picture(form: str, mode: str = "RGB", *, size: tuple[int, int] = (40, 50)) -> bytes:
    file = io.BytesIO()
    Image.new(mode, size, (200, 10, 10, 0)[: len(mode)]).save(file, form)
    return file.getvalue()


@pytest.fixture(autouse=True)
def own_fonts(monkeypatch: pytest.MonkeyPatch) -> None:
    """As the child has them."""
    monkeypatch.setenv("FONTCONFIG_FILE", str(fonts.prepare()))


def here(source: Source, limits: PdfLimits | None = None) -> bytes:
    """Typeset in this process."""
    return typesetting.typeset(source, b"a test", limits or PdfLimits())


def in_a_child(source: Source, limits: PdfLimits | None = None) -> bytes:
    return typeset(source, limits=limits)


def refusal(source: Source, limits: PdfLimits | None = None, *, by: Typesetter = here) -> ErrorCode:
    with pytest.raises(PdfError) as caught:
        by(source, limits)
    return caught.value.code


def test_the_same_source_gives_the_same_bytes() -> None:
    source = document("<h1>Hallo</h1><img src='asset:a' alt='A'>", a=picture("WEBP"))
    assert (
        typeset(source)
        == typeset(source)
        == typesetting.typeset(source, source.digest(), PdfLimits())
    )


@pytest.mark.parametrize(
    "other",
    [
        document("<p>Anders</p>"),
        replace(document("<p>Text</p>"), created=datetime(2026, 5, 4, tzinfo=UTC)),
        replace(document("<p>Text</p>"), style="p { color: red }"),
        replace(document("<p>Text</p>"), attachment=Attachment("a", "text/plain", "", b"{}")),
        document("<p>Text</p>", a=b"1"),
    ],
)
def test_whatever_differs_makes_another_document(other: Source) -> None:
    assert other.digest() != document("<p>Text</p>").digest()


@pytest.mark.parametrize(
    ("body", "style"),
    [
        ("<img src='file:///etc/hostname' alt='A'>", ""),
        ("<img src='http://127.0.0.1:9/a.png' alt='A'>", ""),
        (f"<img src='{PNG}' alt='A'>", ""),
        ("<img src='asset:unknown' alt='A'>", ""),
        ("<link rel=stylesheet href='http://127.0.0.1:9/a.css'>", ""),
        ("<link rel=attachment href='file:///etc/hostname'>", ""),
        ("<p>A</p>", "p { background: url(file:///etc/hostname) } "),
        ("<p>A</p>", "@import url(file:///etc/hostname); "),
    ],
)
def test_a_reference_to_anything_outside_ends_the_document(body: str, style: str) -> None:
    assert refusal(document(body, style)) == ErrorCode.FORBIDDEN_SOURCE


def test_a_drawing_cannot_bring_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "a.png"
    file.write_bytes(picture("PNG"))
    drawing = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><title>A</title>'
        '<image href="{}" width="9" height="9"/></svg>'
    )
    inside = here(document(drawing.format("asset:a"), a=file.read_bytes()))
    outside = here(document(drawing.format(file.as_uri())))
    assert (images(inside), images(outside)) == (1, 0)


def images(pdf: bytes) -> int:
    streams = [value for value in Pdf(pdf).objects.values() if isinstance(value, Stream)]
    return sum(stream.extra.get("Subtype") == "Image" for stream in streams)


def test_the_typesetter_writes_no_file() -> None:
    """A web font would have to lie in a file before it could be used."""
    style = "@font-face { font-family: A; src: local('DejaVu Sans') } p { font-family: A }"
    assert refusal(document("<p>A</p>", style), by=in_a_child) == ErrorCode.CRASHED


@pytest.mark.parametrize(
    ("source", "limits"),
    [
        (document("A" * 2000), PdfLimits(output_bytes=2000)),
        (document("A", a=picture("PNG")), PdfLimits(picture_pixels=1999)),
    ],
    ids=["file", "picture"],
)
def test_what_is_too_large_is_refused(source: Source, limits: PdfLimits) -> None:
    assert refusal(source, limits) == ErrorCode.TOO_LARGE


def test_a_document_of_too_many_pages_is_refused() -> None:
    pages = document("<p>A</p>" * 4, "p { break-after: page } ")
    assert Pdf(here(pages, PdfLimits(pages=4))).root["Type"] == "Catalog"
    assert refusal(pages, PdfLimits(pages=3)) == ErrorCode.TOO_MANY_PAGES


@pytest.mark.parametrize(
    ("source", "limits", "code"),
    [
        (document("A" * 2000), PdfLimits(input_bytes=2000), ErrorCode.TOO_LARGE),
        (document("<p>A</p>" * 20000), PdfLimits(wall_seconds=1.2), ErrorCode.TIMEOUT),
        (document("<p>A</p>" * 20000), PdfLimits(cpu_seconds=1), ErrorCode.TIMEOUT),
        (document("<p>A</p>" * 9000), PdfLimits(memory=90 * MIB), ErrorCode.TOO_LARGE),
        (document("<div>" * 900), PdfLimits(), ErrorCode.TOO_LARGE),
    ],
    ids=["input", "clock", "processor", "memory", "depth"],
)
def test_every_bomb_ends_in_a_typed_error(
    source: Source, limits: PdfLimits, code: ErrorCode
) -> None:
    assert refusal(source, limits, by=in_a_child) == code


@pytest.mark.parametrize("data", [b"", b"no picture", picture("PNG")[:60], picture("GIF", "L")])
def test_a_broken_picture_is_named_as_such(data: bytes) -> None:
    assert refusal(document("A", a=data)) == ErrorCode.UNREADABLE_IMAGE


@pytest.mark.parametrize(
    ("form", "mode"), [("PNG", "RGBA"), ("PNG", "L"), ("JPEG", "CMYK"), ("WEBP", "RGBA")]
)
def test_a_logo_of_any_kind_becomes_a_plain_picture(form: str, mode: str) -> None:
    pdf = Pdf(here(document("<img src='asset:a' alt='A'>", a=picture(form, mode))))
    (image,) = [o for o in pdf.objects.values() if isinstance(o, Stream) and "Width" in o.extra]
    found = {key: image.extra.get(key) for key in ("ColorSpace", "Filter", "SMask", "Interpolate")}
    assert found == {
        "ColorSpace": "DeviceRGB",
        "Filter": "DCTDecode",
        "SMask": None,
        "Interpolate": False,
    }


def test_an_error_quotes_nothing_of_the_report() -> None:
    with pytest.raises(PdfError) as caught:
        in_a_child(document("<img src='file:///Testperson' alt='Testperson'>"))
    assert "Testperson" not in f"{caught.value!r} {caught.value.where} {caught.value.__cause__!r}"


class Doomed(Child):
    """Killed by the system as soon as it runs, as often as ``doom`` says."""

    doom = 0
    given: ClassVar[list[float]] = []  # seconds

    def exchange(self, request: Sequence[bytes], *, seconds: float, answer_bytes: int) -> bytearray:
        Doomed.given.append(seconds)
        if Doomed.doom:
            Doomed.doom -= 1
            self._process.kill()
        return super().exchange(request, seconds=seconds, answer_bytes=answer_bytes)


def test_a_child_that_the_system_kills_is_followed_by_one_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(runner, "Child", Doomed)
    Doomed.doom = 1
    assert in_a_child(document("A")).startswith(b"%PDF-1.7")
    first, second = Doomed.given
    assert second < first <= PdfLimits().wall_seconds  # both within the one document's time
    Doomed.doom = 2
    assert refusal(document("A"), by=in_a_child) == ErrorCode.CRASHED
    assert Doomed.doom == 0


def test_more_callers_than_turns_are_told_so() -> None:
    for _ in range(runner._AT_ONCE):
        runner._turns.acquire()
    try:
        assert refusal(document("A"), PdfLimits(wall_seconds=0.05), by=in_a_child) == ErrorCode.BUSY
    finally:
        runner._turns.release(runner._AT_ONCE)


def test_a_turn_is_given_back_when_it_fails() -> None:
    assert refusal(document("A", a=b""), by=in_a_child) == ErrorCode.UNREADABLE_IMAGE
    assert runner._turns._value == runner._AT_ONCE


def test_preparing_leaves_nothing_to_compile_for_the_child() -> None:
    prepare()
    compiled = importlib.util.cache_from_source(str(typesetting.__file__))
    assert Path(compiled).stat().st_mtime >= 0
    assert fonts.prepare().is_file()


def test_without_a_built_front_end_there_are_no_fonts(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(fonts, "source_folder", lambda: tmp_path)
    assert refusal(document("A"), by=in_a_child) == ErrorCode.NOT_READY


def test_the_fonts_are_made_the_same_on_every_machine() -> None:
    sources = list(fonts._read_sources())
    assert fonts.static_font(sources, weight=400) == fonts.static_font(sources, weight=400)


def test_german_and_its_neighbours_are_set_in_one_font() -> None:
    text = "ÄÖÜäöüßẞ „Guten‚ Tag‘“ – — … · × − € § °  ‐‑ Łódź Şükrü Żółć Čeština"
    pdf = Pdf(here(document(f"<p>{text}</p>")))
    assert {font["BaseFont"].split("+")[1] for font in pdf.of_type("Font")} == {"Figtree"}


@pytest.mark.parametrize("name", ["Дмитрий", "Ελένη", "עדן"])
def test_a_name_in_another_alphabet_can_be_read(name: str) -> None:
    pdf = Pdf(here(document(f"<p style='font-family: Figtree, DejaVu Sans'>{name}</p>")))
    assert name in {pdf.text.strip(), pdf.text.strip()[::-1]}
