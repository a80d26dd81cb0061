"""What the bundler makes."""

import gzip
import re
from pathlib import Path

from tests.frontend.conftest import build

KIB = 1024


def compressed(path: Path) -> int:
    """Bytes on the wire for a browser of today: Brotli, but for fonts, which are packed already."""
    packed = path.with_name(f"{path.name}.br")
    return (packed if packed.exists() else path).stat().st_size


def test_the_first_view_is_small(dist: Path) -> None:
    first = ["app.css", "report.js", "fonts/figtree-latin.woff2"]
    assert sum(compressed(dist / name) for name in first) < 32 * KIB


def test_the_3d_code_is_a_bundle_of_its_own(dist: Path) -> None:
    report, viewer = (dist / "report.js").read_text(), (dist / "viewer.js").read_text()
    assert "WebGLRenderer" in viewer
    assert "WebGLRenderer" not in report
    assert compressed(dist / "viewer.js") < 150 * KIB


def test_every_text_file_lies_ready_compressed(dist: Path) -> None:
    texts = [path for path in dist.rglob("*") if path.suffix in {".css", ".js", ".svg", ".wasm"}]
    assert len(texts) >= 6
    for path in texts:
        assert gzip.decompress(path.with_name(f"{path.name}.gz").read_bytes()) == path.read_bytes()
        assert path.with_name(f"{path.name}.br").stat().st_size < path.stat().st_size


def test_nothing_refers_to_a_source_map(dist: Path) -> None:
    scripts = [path for path in dist.rglob("*") if path.suffix in {".js", ".css"}]
    assert scripts
    assert [path.name for path in scripts if "sourceMappingURL" in path.read_text()] == []


def test_every_file_the_stylesheet_names_is_there(dist: Path) -> None:
    named = re.findall(r'url\("?\./([^")]+)"?\)', (dist / "app.css").read_text())
    assert len(named) == 2
    assert [name for name in named if not (dist / name).is_file()] == []


def test_the_stylesheet_and_scripts_name_no_other_server(dist: Path) -> None:
    for name in ("app.css", "report.js"):
        assert "//" not in (dist / name).read_text()


def test_a_second_build_leaves_nothing_stale_and_gives_the_same(tmp_path: Path, dist: Path) -> None:
    target = tmp_path / "dist"
    target.mkdir()
    (target / "old.js").write_text("stale")
    build(target)

    def contents(folder: Path) -> dict[str, bytes]:
        files = (path for path in folder.rglob("*") if path.is_file())
        return {str(path.relative_to(folder)): path.read_bytes() for path in files}

    assert contents(target) == contents(dist)
