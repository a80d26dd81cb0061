"""A logo is a picture and nothing else, whatever was uploaded."""

import io
import struct
import zlib

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from onboarding.domain.logo import LONGEST_SIDE, MOST_BYTES, LogoRefused, clean_logo
from practices.models import Practice

URL = "/en/settings/appearance/"
PLACE = b"taken at a secret place"


def picture(kind: str = "PNG", size: tuple[int, int] = (60, 30), **options: object) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, "#0e5a61").save(file, kind, **options)
    return file.getvalue()


def huge_header() -> bytes:
    """A PNG of some bytes that says it has 60,000 × 60,000 pixels."""
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    chunk = b"IHDR" + header
    return (
        b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))
    )


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_the_three_formats_become_png(kind: str) -> None:
    made = Image.open(io.BytesIO(clean_logo(picture(kind))))
    assert (made.format, made.size) == ("PNG", (60, 30))


def test_a_large_logo_becomes_smaller() -> None:
    made = Image.open(io.BytesIO(clean_logo(picture(size=(1800, 600)))))
    assert made.size == (LONGEST_SIDE, 200)


def test_nothing_but_pixels_is_kept() -> None:
    exif = Image.Exif()
    exif[0x010E] = PLACE.decode()
    original = picture("JPEG", exif=exif.tobytes(), comment=PLACE)
    assert PLACE in original
    assert PLACE not in clean_logo(original)


def test_transparency_stays() -> None:
    file = io.BytesIO()
    Image.new("RGBA", (10, 10), (1, 2, 3, 0)).save(file, "PNG")
    assert Image.open(io.BytesIO(clean_logo(file.getvalue()))).getpixel((5, 5)) == (1, 2, 3, 0)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        picture("GIF"),
        picture("TIFF"),
        picture()[:60],
        picture("JPEG")[:200],
        huge_header(),
        b"\x00" * (MOST_BYTES + 1),
    ],
    ids=["empty", "svg", "gif", "tiff", "cut png", "cut jpeg", "huge", "too many bytes"],
)
def test_anything_else_is_refused(data: bytes) -> None:
    with pytest.raises(LogoRefused):
        clean_logo(data)


def test_an_uploaded_logo_is_shown_and_taken_away(owner: Client, practice: Practice) -> None:
    upload = SimpleUploadedFile("patient-name.jpg", picture("JPEG"), "image/jpeg")
    assert owner.post(URL, {"accent": "#aa3355", "logo": upload}).status_code == 302
    practice.refresh_from_db()
    assert practice.accent == "aa3355"
    shown = owner.get(URL + "logo")
    assert (shown["Content-Type"], shown.content[:4]) == ("image/png", b"\x89PNG")
    assert owner.post(URL, {"ours": "on", "without_logo": "on"}).status_code == 302
    practice.refresh_from_db()
    assert (practice.logo, practice.accent) == (None, "")
    assert owner.get(URL + "logo").status_code == 404


def test_a_logo_stays_when_the_colour_changes(owner: Client, practice: Practice) -> None:
    upload = SimpleUploadedFile("logo.png", picture(), "image/png")
    owner.post(URL, {"ours": "on", "logo": upload})
    owner.post(URL, {"accent": "#112233"})
    practice.refresh_from_db()
    assert practice.logo is not None


def test_a_refused_logo_says_why(owner: Client) -> None:
    upload = SimpleUploadedFile("logo.svg", b"<svg/>", "image/svg+xml")
    answer = owner.post(URL, {"ours": "on", "logo": upload})
    assert answer.status_code == 422
    assert "no PNG, JPEG or WebP" in answer.content.decode()


def test_the_preview_wears_the_colour_that_is_tried(owner: Client) -> None:
    assert "/accent/aa3355.css" in owner.get(URL, {"accent": "AA3355"}).content.decode()
    assert "/accent/0e5a61.css" in owner.get(URL, {"accent": "</style>"}).content.decode()
