"""The mark in a comparison's pictures: readable on any ground, in every part, and in the file."""

import io
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from reports.domain import watermark
from reports.domain.color import Rgb, contrast
from reports.domain.watermark import MEDIA_TYPE, OPACITY, USAGE, Mark, marked

TEXT = "Vergleichsansicht · nur für Beratung und Patientenakte · keine Werbung · 3. Januar 2026"
MARK = Mark(text=TEXT, terms="Keine Werbung & nur für Beratung.")
SIZE = (800, 1000)
BAND = 90  # px at the foot of a picture of that size
LETTER, EDGE = (255, 255, 255), (0, 0, 0)


def picture(color: tuple[int, int, int], size: tuple[int, int] = SIZE) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, color).save(file, "WEBP", lossless=True)
    return file.getvalue()


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data)).convert("RGB")


def over(ground: tuple[int, int, int], ink: tuple[int, int, int]) -> Rgb:
    return Rgb(*(round(g + (i - g) * OPACITY) for g, i in zip(ground, ink, strict=True)))


def grey(color: Rgb) -> float:
    """As Pillow's "L" has it."""
    return 0.299 * color.red + 0.587 * color.green + 0.114 * color.blue


@given(ground=st.tuples(*[st.integers(0, 255)] * 3))
def test_letters_and_their_edge_can_be_told_apart_on_any_ground(
    ground: tuple[int, int, int],
) -> None:
    assert contrast(over(ground, LETTER), over(ground, EDGE)) >= 4.5


@pytest.mark.parametrize("color", [(255, 255, 255), (0, 0, 0), (224, 172, 140), (90, 60, 45)])
def test_what_is_burnt_in_is_as_light_and_dark_as_that(color: tuple[int, int, int]) -> None:
    pixels = np.asarray(opened(marked(picture(color), MARK)).convert("L"), np.int16)[:-BAND]
    # Compression and the slant cost a little.
    assert np.percentile(pixels, 99.5) >= grey(over(color, LETTER)) - 16
    assert np.percentile(pixels, 1) <= grey(over(color, EDGE)) + 16


def test_no_part_worth_cutting_out_is_without_the_mark() -> None:
    pixels = np.asarray(opened(marked(picture((200, 160, 140)), MARK)).convert("L"), np.int16)
    window = 260
    for top in range(0, SIZE[1] - window, window // 2):
        for left in range(0, SIZE[0] - window, window // 2):
            part = pixels[top : top + window, left : left + window]
            assert (np.abs(part - np.median(pixels)) > 30).mean() > 0.01, (top, left)


@pytest.mark.parametrize("width", [400, 800, 1600])
def test_letters_have_twelve_pixels_in_a_picture_of_four_hundred(width: int) -> None:
    data = marked(picture((240, 240, 240), (width, width * 5 // 4)), MARK)
    pixels = np.asarray(opened(data).convert("L"))
    rows = np.flatnonzero((pixels[:, : width // 2] < 60).mean(axis=1) > 0.6)
    band = pixels[rows[0] :]
    inked = ["1" if row.max() > 120 else "0" for row in band]
    lines = re.findall("1+", "".join(inked))
    # From the top of a capital to the foot of a g are 83 to 90 hundredths of the type size.
    assert max(map(len, lines)) >= 0.83 * 12 * width / 400


def foot(text: str) -> int:
    """Height of the band with these words, px."""
    pixels = np.asarray(opened(marked(picture((250, 250, 250)), Mark(text, ""))).convert("L"))
    return int((pixels[:, 3] < 60).sum())


def test_the_band_at_the_foot_grows_with_its_words() -> None:
    lines = [foot(words) for words in ("Vergleichsansicht", TEXT, f"{TEXT} {TEXT}")]
    assert lines[1] >= lines[0] + 24
    assert lines[2] >= lines[1] + 24


@given(words=st.lists(st.text("abcäW·", min_size=1, max_size=12), min_size=1, max_size=30))
def test_the_band_holds_every_word_within_its_width(words: list[str]) -> None:
    font = watermark._font(24)
    lines = watermark._wrapped(" ".join(words), font, 752)
    assert " ".join(lines).split() == words
    assert all(font.getlength(line) <= 752 for line in lines)


def test_the_file_says_it_too_and_nothing_it_said_before() -> None:
    before = io.BytesIO()
    exif = Image.Exif()
    exif[0x010F] = "Serial 4711"
    Image.new("RGB", (80, 100)).save(before, "WEBP", exif=exif, xmp=b"<x>4711</x>")
    after = Image.open(io.BytesIO(marked(before.getvalue(), MARK)))
    assert (after.format, after.size, MEDIA_TYPE) == ("WEBP", (80, 100), "image/webp")
    assert dict(after.getexif()) == {0x010E: f"usage={USAGE}; not for advertising"}
    xmp = after.info["xmp"].decode()
    assert f'dermalia:usage="{USAGE}"' in xmp
    assert "Keine Werbung &amp; nur für Beratung." in xmp
    assert "4711" not in xmp


def test_what_is_no_picture_is_refused() -> None:
    with pytest.raises(OSError, match="cannot identify"):
        marked(b"no picture", MARK)
