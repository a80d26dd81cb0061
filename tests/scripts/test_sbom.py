"""The bill of materials names everything that is pinned, by hash, and how it hangs together."""

import json
import re
import subprocess
import sys
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from scripts.sbom import LockRefused, bill, read_pins

ROOT: Path = settings.BASE_DIR
SHAPES = {"SHA-256": r"[0-9a-f]{64}", "SHA-512": r"[0-9a-f]{128}"}
MOMENT = datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def made() -> dict[str, Any]:
    return bill(now=MOMENT)


def test_every_pin_is_named_with_all_its_hashes(made: dict[str, Any]) -> None:
    told = {
        (each["name"], each["version"]): {one["content"] for one in each["hashes"]}
        for each in made["components"]
        if each["purl"].startswith("pkg:pypi/")
    }
    lock = (ROOT / "requirements/base.txt").read_text()
    blocks = re.findall(r"^(\S+?)==(\S+)((?:.*\\\n)+.*)", lock, re.MULTILINE)
    assert told == {
        (name, version): set(re.findall(r"sha256:([0-9a-f]{64})", rest))
        for name, version, rest in blocks
    }


def test_browsers_get_what_the_lock_ships_and_no_tool(made: dict[str, Any]) -> None:
    told = {each["name"] for each in made["components"] if each["purl"].startswith("pkg:npm/")}
    package = json.loads((ROOT / "package.json").read_text())
    assert set(package["dependencies"]) <= told
    assert not told & set(package["devDependencies"])


def test_it_has_the_form_of_the_standard(made: dict[str, Any]) -> None:
    assert (made["bomFormat"], made["specVersion"], made["version"]) == ("CycloneDX", "1.6", 1)
    assert re.fullmatch(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", made["serialNumber"])
    assert made["metadata"]["timestamp"] == "2026-01-31T12:00:00Z"
    refs = [each["bom-ref"] for each in made["components"]]
    assert len(refs) == len(set(refs))
    for each in made["components"]:
        assert re.fullmatch(r"pkg:(pypi|npm)/[a-z0-9.%/_-]+@[^@\s]+", each["purl"]), each["purl"]
        assert each["scope"] in {"required", "optional"}
        for one in each["hashes"]:
            assert re.fullmatch(SHAPES[one["alg"]], one["content"])
        for licensed in each.get("licenses", []):
            assert licensed.get("expression") or licensed["license"]["name"]


def test_all_that_is_needed_here_hangs_on_the_application(made: dict[str, Any]) -> None:
    needs = {each["ref"]: each["dependsOn"] for each in made["dependencies"]}
    reached, open_ends = set(), ["dermalia"]
    while open_ends:
        for ref in needs[open_ends.pop()]:
            if ref not in reached:
                reached.add(ref)
                open_ends.append(ref)
    everywhere = {each["bom-ref"] for each in made["components"] if each["scope"] == "required"}
    assert everywhere <= reached <= {each["bom-ref"] for each in made["components"]}
    direct = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    assert len(needs["dermalia"]) >= len(direct)


def test_packages_say_their_licence(made: dict[str, Any]) -> None:
    silent = {
        each["name"]
        for each in made["components"]
        if each["scope"] == "required" and "licenses" not in each
    }
    assert silent == set()


def test_the_same_pins_make_the_same_bill(made: dict[str, Any]) -> None:
    assert bill(now=MOMENT) == made


@pytest.mark.parametrize("line", ["django>=5.2 --hash=sha256:00", "django==5.2.19", "django"])
def test_what_is_not_pinned_with_a_hash_is_refused(line: str) -> None:
    with pytest.raises(LockRefused, match="make lock"):
        read_pins(line)


def test_a_package_of_the_front_end_without_a_hash_is_refused(tmp_path: Path) -> None:
    lock = json.loads((ROOT / "package-lock.json").read_text())
    del lock["packages"]["node_modules/three"]["integrity"]
    (tmp_path / "package-lock.json").write_text(json.dumps(lock))
    (tmp_path / "requirements").mkdir()
    for name in ("pyproject.toml", "requirements/base.txt"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    with pytest.raises(LockRefused, match="three"):
        bill(tmp_path)


def test_it_needs_no_settings() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "scripts.sbom"],
        env={"SOURCE_DATE_EPOCH": "0"},
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    assert json.loads(done.stdout)["metadata"]["timestamp"] == "1970-01-01T00:00:00Z"
