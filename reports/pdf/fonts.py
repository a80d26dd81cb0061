"""The document's own fonts: static files made once from the variable ones the pages use.

A PDF/A embeds every font, and a file that is to come out the same on every machine may use none
that happens to be installed. The typesetter may not write files either, which web fonts in a style
sheet would need. So it gets a font configuration of its own that knows one folder.
"""

import hashlib
import io
import tempfile
from collections.abc import Iterator
from pathlib import Path
from xml.sax.saxutils import escape

from fontTools.merge import Merger
from fontTools.ttLib import TTFont
from fontTools.varLib.instancer import instantiateVariableFont

from .errors import ErrorCode, PdfError

_ROOT = Path(__file__).resolve().parents[2]
_SOURCES = ("figtree-latin.woff2", "figtree-latin-ext.woff2")
_WEIGHTS = {400: "Regular", 600: "SemiBold"}
_EPOCH = 3_786_825_600  # 2024-01-01, in seconds since 1904: the date the files bear

# Signs that German typesetting needs and the font's subsets leave out, drawn as their equals.
_DRAWN_AS = {0x2010: 0x2D, 0x2011: 0x2D, 0x202F: 0xA0}

# Names in other alphabets; part of what Debian's fontconfig depends on.
_FALLBACK = "/usr/share/fonts/truetype/dejavu"
_CONFIGURATION = """\
<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig>
  <dir>{folder}</dir>
  <dir>{fallback}</dir>
  <cachedir>/var/cache/fontconfig</cachedir>
</fontconfig>
"""


def source_folder() -> Path:
    """Where the pages' fonts are once the front end is built."""
    return _ROOT / "static/dist/fonts"


def prepare() -> Path:
    """Make the fonts if they are not there yet; returns the font configuration's file.

    Several processes may do so at once: each file appears whole or not at all.

    Raises:
        PdfError: NOT_READY where the front end has not been built, or ``build/`` is read-only.
    """
    sources = list(_read_sources())
    folder = _ROOT / "build" / f"fonts-{_digest(sources)}"
    configuration = folder / "fonts.conf"
    if configuration.exists():
        return configuration
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for weight, name in _WEIGHTS.items():
            _write(folder / f"Figtree-{name}.ttf", static_font(sources, weight=weight))
        # Last, because it says that the others are there.
        text = _CONFIGURATION.format(folder=escape(str(folder)), fallback=_FALLBACK)
        _write(configuration, text.encode())
    except OSError as error:
        raise PdfError(ErrorCode.NOT_READY, where="build") from error
    return configuration


def static_font(sources: list[bytes], *, weight: int) -> bytes:
    """One TrueType file of one weight from the subsets of a variable font, always the same."""
    merged = Merger().merge([_instance(source, weight) for source in sources])
    for table in merged["cmap"].tables:
        for code, like in _DRAWN_AS.items():
            if table.isUnicode() and like in table.cmap:
                table.cmap.setdefault(code, table.cmap[like])
    merged["OS/2"].usWeightClass = weight
    _rename(merged, weight)
    merged["head"].created = merged["head"].modified = _EPOCH
    merged.recalcTimestamp = False
    file = io.BytesIO()
    merged.save(file)
    return file.getvalue()


def _instance(source: bytes, weight: int) -> io.BytesIO:
    font = TTFont(io.BytesIO(source), recalcTimestamp=False)
    font.flavor = None
    file = io.BytesIO()
    instantiateVariableFont(font, {"wght": weight}).save(file)
    file.seek(0)
    return file


def _rename(font: TTFont, weight: int) -> None:
    """One family, whose members differ by their weight: the variable font calls itself Light."""
    name = _WEIGHTS[weight]
    texts = {1: "Figtree", 2: name, 4: f"Figtree {name}", 6: f"Figtree-{name}"}
    table = font["name"]
    kept = {0, 5, 8, 9, 13, 14}  # copyright, version and licence
    table.names = [record for record in table.names if record.nameID in kept]
    for number, text in texts.items():
        table.setName(text, number, 3, 1, 0x409)


def _read_sources() -> Iterator[bytes]:
    for name in _SOURCES:
        try:
            yield (source_folder() / name).read_bytes()
        except OSError as error:
            raise PdfError(ErrorCode.NOT_READY, where=name) from error


def _digest(sources: list[bytes]) -> str:
    """Of all that decides what the fonts look like: the sources and this file."""
    digest = hashlib.sha256(Path(__file__).read_bytes())
    for source in sources:
        digest.update(source)
    return digest.hexdigest()[:12]


def _write(path: Path, data: bytes) -> None:
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        file.write(data)
    Path(file.name).chmod(0o644)
    Path(file.name).replace(path)
