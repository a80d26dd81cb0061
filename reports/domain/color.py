"""Just enough colour science for a palette: sRGB, OKLCH and contrast."""

import math
from dataclasses import dataclass

_GAMUT_STEPS = 16  # halvings of chroma: far below one step of a channel
_TOLERANCE = 1e-4


@dataclass(frozen=True, slots=True)
class Rgb:
    """A colour in sRGB, each channel 0–255."""

    red: int
    green: int
    blue: int

    @classmethod
    def parse(cls, digits: str) -> "Rgb":
        """From six hexadecimal digits. Raises ValueError."""
        red, green, blue = bytes.fromhex(digits)
        return cls(red, green, blue)

    def linear(self) -> tuple[float, float, float]:
        """Light intensities 0–1 (IEC 61966-2-1)."""
        return _linear(self.red), _linear(self.green), _linear(self.blue)

    def __str__(self) -> str:
        return f"#{self.red:02x}{self.green:02x}{self.blue:02x}"


@dataclass(frozen=True, slots=True)
class Oklch:
    """A colour in OKLCH (Björn Ottosson, "A perceptual color space", 2020).

    Attributes:
        lightness: 0 black to 1 white.
        chroma: 0 grey to about 0.32, the strongest of sRGB.
        hue: radians.
    """

    lightness: float
    chroma: float
    hue: float

    @classmethod
    def of(cls, color: Rgb) -> "Oklch":
        red, green, blue = color.linear()
        long = math.cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue)
        middle = math.cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue)
        short = math.cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue)
        lightness = 0.2104542553 * long + 0.7936177850 * middle - 0.0040720468 * short
        a = 1.9779984951 * long - 2.4285922050 * middle + 0.4505937099 * short
        b = 0.0259040371 * long + 0.7827717662 * middle - 0.8086757660 * short
        return cls(lightness, math.hypot(a, b), math.atan2(b, a))

    def rgb(self) -> Rgb:
        """The nearest colour a screen can show, of the same lightness and hue."""
        if not _shown(self._linear(self.chroma)):
            return _rounded(self._linear(self._greatest_chroma()))
        return _rounded(self._linear(self.chroma))

    def _greatest_chroma(self) -> float:
        low, high = 0.0, self.chroma
        for _ in range(_GAMUT_STEPS):
            middle = (low + high) / 2
            low, high = (middle, high) if _shown(self._linear(middle)) else (low, middle)
        return low

    def _linear(self, chroma: float) -> tuple[float, float, float]:
        a, b = chroma * math.cos(self.hue), chroma * math.sin(self.hue)
        long = (self.lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
        middle = (self.lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
        short = (self.lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
        return (
            4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short,
            -1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short,
            -0.0041960863 * long - 0.7034186147 * middle + 1.7076147010 * short,
        )


def contrast(one: Rgb, other: Rgb) -> float:
    """The contrast ratio of WCAG 2.2, from 1 to 21."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def luminance(color: Rgb) -> float:
    """Relative luminance of WCAG 2.2, 0 to 1."""
    red, green, blue = color.linear()
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: int) -> float:
    value = channel / 255
    return value / 12.92 if value <= 0.04045 else float(((value + 0.055) / 1.055) ** 2.4)


def _encoded(value: float) -> int:
    value = min(max(value, 0.0), 1.0)
    bent = 12.92 * value if value <= 0.0031308 else 1.055 * value ** (1 / 2.4) - 0.055
    return round(255 * bent)


def _shown(linear: tuple[float, float, float]) -> bool:
    return all(-_TOLERANCE <= value <= 1 + _TOLERANCE for value in linear)


def _rounded(linear: tuple[float, float, float]) -> Rgb:
    red, green, blue = (_encoded(value) for value in linear)
    return Rgb(red, green, blue)
