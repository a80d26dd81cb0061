"""Any practice's colour becomes an accent that can be read; our own palette can be, too."""

import math
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reports.domain.branding import DARK, LIGHT, TEXT_CONTRAST, Accent, Ground, stylesheet
from reports.domain.color import Oklch, Rgb, contrast
from tests.frontend.conftest import ROOT

GRAPHIC_CONTRAST = 3.0
GROUNDS = pytest.mark.parametrize("ground", [LIGHT, DARK], ids=["light", "dark"])
COLORS = st.builds(Rgb, *[st.integers(0, 255)] * 3)


@GROUNDS
@given(color=COLORS)
@example(color=Rgb(255, 255, 0))
@example(color=Rgb(0, 0, 255))
@example(color=Rgb(0, 0, 0))
@example(color=Rgb(255, 255, 255))
def test_every_colour_becomes_a_readable_accent(ground: Ground, color: Rgb) -> None:
    accent = Accent.derive(color, ground)
    for shade in (accent.accent, accent.strong):
        for other in (ground.paper, ground.surface, accent.soft, accent.on_accent):
            assert contrast(shade, other) >= TEXT_CONTRAST


@GROUNDS
@given(color=COLORS)
def test_the_practice_s_hue_is_kept(ground: Ground, color: Rgb) -> None:
    wished, got = Oklch.of(color), Oklch.of(Accent.derive(color, ground).accent)
    # Next to black, white and grey a rounded channel turns the hue, and nobody sees it.
    if got.chroma < 0.04:
        return
    turned = math.remainder(got.hue - wished.hue, 2 * math.pi)
    assert abs(turned) < math.radians(6)


@GROUNDS
def test_a_readable_colour_is_left_alone(ground: Ground) -> None:
    own = _tokens(dark=ground is DARK)["accent"]
    assert str(Accent.derive(own, ground).accent) == str(own)


def test_a_grey_practice_gets_no_colour_it_did_not_ask_for() -> None:
    accent = Accent.derive(Rgb(127, 127, 127), LIGHT)
    assert all(shade.red == shade.green == shade.blue for shade in (accent.accent, accent.soft))


@pytest.mark.parametrize("color", ["0e5a61", "#E91E63"])
def test_the_style_sheet_has_both_themes_and_prints_the_light_one(color: str) -> None:
    light, dark = stylesheet(color).split("@media screen and (prefers-color-scheme:dark)")
    for theme in (light, dark):
        names = re.findall(r"--([\w-]+):#[0-9a-f]{6}", theme)
        assert names == ["accent", "accent-strong", "accent-soft", "on-accent"]


@pytest.mark.parametrize("color", ["", "red", "#fff", "0e5a61;}body{", "0e5a6", "0e5a61\n"])
def test_nothing_but_a_colour_gets_into_the_style_sheet(color: str) -> None:
    with pytest.raises(ValueError, match="six hexadecimal digits"):
        stylesheet(color)


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [("000000", "ffffff", 21.0), ("777777", "ffffff", 4.48), ("0000ff", "ffffff", 8.59)],
)
def test_contrast_is_the_ratio_of_the_guidelines(one: str, other: str, ratio: float) -> None:
    assert contrast(Rgb.parse(one), Rgb.parse(other)) == pytest.approx(ratio, abs=0.01)


@given(color=COLORS)
def test_a_colour_survives_the_way_to_oklch_and_back(color: Rgb) -> None:
    assert Oklch.of(color).rgb() == color


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_our_own_palette_can_be_read(dark: bool) -> None:
    token = _tokens(dark=dark)
    for ground in ("paper", "surface", "sunken"):
        assert contrast(token["ink"], token[ground]) >= 7
        assert contrast(token["line-strong"], token[ground]) >= GRAPHIC_CONTRAST
        for text in ("ink-soft", "accent", "accent-strong"):
            assert contrast(token[text], token[ground]) >= TEXT_CONTRAST
    for shade in ("accent", "accent-strong"):
        for other in ("on-accent", "accent-soft"):
            assert contrast(token[shade], token[other]) >= TEXT_CONTRAST


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_accents_are_derived_for_the_backgrounds_in_use(dark: bool) -> None:
    token, ground = _tokens(dark=dark), DARK if dark else LIGHT
    used = (token["paper"], token["surface"], token["on-accent"])
    assert used == (ground.paper, ground.surface, ground.on_accent)


def _tokens(*, dark: bool) -> dict[str, Rgb]:
    """The colours of the design system in one theme."""
    text = (ROOT / "frontend/css/tokens.css").read_text()
    light, night = text.split("@media screen and (prefers-color-scheme: dark)")
    found = re.findall(r"--([\w-]+): #([0-9a-f]{6});", night if dark else light)
    assert len(found) >= 11
    return {name: Rgb.parse(digits) for name, digits in found}
