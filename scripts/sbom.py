"""What Dermalia is made of, as CycloneDX 1.6 JSON: ``python -m scripts.sbom > sbom.cdx.json``.

From what is pinned (``requirements/base.txt``, ``package-lock.json``) and what the installed
packages say of themselves; nothing is asked for on the network. Tools of developers are no part of
it, nor is what the operating system brings (docs/operations.md).
"""

import base64
import json
import os
import sys
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import NAMESPACE_URL, uuid5

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
LONGEST_NAME = 80  # characters of a licence's name
Component = dict[str, Any]
Lock = Mapping[str, Mapping[str, Any]]  # of package-lock.json: folder → package


class LockRefused(ValueError):
    """A pin lacks its version or its hash, so it does not say what is installed."""


@dataclass(frozen=True, slots=True)
class Pin:
    """One line of a hash-checked requirements file; ``hashes`` are of each file it may come as."""

    requirement: Requirement
    hashes: list[str]

    @property
    def name(self) -> str:
        return str(canonicalize_name(self.requirement.name))

    @property
    def version(self) -> str:
        return str(self.requirement.specifier).removeprefix("==")

    @property
    def purl(self) -> str:
        return f"pkg:pypi/{self.name}@{self.version}"


def bill(root: Path = ROOT, *, now: datetime | None = None) -> dict[str, Any]:
    """The bill of materials of the sources in ``root``.

    Raises:
        LockRefused: something in the lock files has no exact version or no hash.
    """
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    lock = json.loads((root / "package-lock.json").read_text())["packages"]
    pins = {pin.name: pin for pin in read_pins((root / "requirements/base.txt").read_text())}
    itself = {
        "type": "application",
        "bom-ref": project["name"],
        "name": project["name"],
        "version": project["version"],
        "description": project["description"],
    }
    components = [*map(_of_python, pins.values()), *_of_npm(lock)]
    edges = _python_edges(project["dependencies"], pins)
    for ref, needed in _npm_edges(lock).items():
        edges.setdefault(ref, []).extend(needed)
    edges |= {each["purl"]: [] for each in components if each["purl"] not in edges}
    said = json.dumps([itself, components], sort_keys=True)
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        # The same pins make the same bill, so that two can be compared.
        "serialNumber": uuid5(NAMESPACE_URL, said).urn,
        "version": 1,
        "metadata": {
            "timestamp": (now or _now()).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "lifecycles": [{"phase": "pre-build"}],
            "component": itself,
        },
        "components": components,
        "dependencies": [
            {"ref": ref or itself["bom-ref"], "dependsOn": sorted(set(needed))}
            for ref, needed in sorted(edges.items())
        ],
    }


def read_pins(text: str) -> list[Pin]:
    """The pins of a requirements file made with hashes.

    Raises:
        LockRefused: a line is not pinned, or without a hash.
    """
    lines = text.replace("\\\n", " ").splitlines()
    return [_pin(line) for line in lines if line.strip() and not line.startswith("#")]


def _pin(line: str) -> Pin:
    wanted, *hashes = line.split(" --hash=")
    requirement = Requirement(wanted.strip())
    exact = [each.operator for each in requirement.specifier] == ["=="]
    if not exact or not hashes:
        raise LockRefused(f"{requirement} is not pinned with a hash: run make lock.")
    return Pin(requirement, [each.strip() for each in hashes])


def _of_python(pin: Pin) -> Component:
    marker = pin.requirement.marker
    component: Component = {
        "type": "library",
        "bom-ref": pin.purl,
        "name": pin.name,
        "version": pin.version,
        "scope": "required" if marker is None else "optional",
        "hashes": [_hash(*each.split(":", 1)) for each in pin.hashes],
        "purl": pin.purl,
    }
    if marker is not None:
        component["properties"] = [{"name": "dermalia:only-where", "value": str(marker)}]
    return component | _license_of(_installed(pin))


def _of_npm(lock: Lock) -> Iterable[Component]:
    """What browsers get; what builds and tests it stays behind."""
    for place in _shipped(lock):
        package = lock[place]
        if "integrity" not in package:
            raise LockRefused(f"{_npm_name(place)} has no hash in package-lock.json: run npm ci.")
        algorithm, _, digest = package["integrity"].partition("-")
        component = {
            "type": "library",
            "bom-ref": _npm_purl(place, lock),
            "name": _npm_name(place),
            "version": package["version"],
            "scope": "optional" if package.get("optional") else "required",
            "hashes": [_hash(algorithm, base64.b64decode(digest).hex())],
            "purl": _npm_purl(place, lock),
        }
        told = package.get("license")
        yield component | ({"licenses": [{"expression": told}]} if told else {})


def _npm_edges(lock: Lock) -> dict[str, list[str]]:
    """Which package needs which, from the application (``""``) on."""
    return {
        _npm_purl(place, lock) if place else "": [
            _npm_purl(_found_from(place, name, lock), lock)
            for name in lock[place].get("dependencies", {})
        ]
        for place in ("", *_shipped(lock))
    }


def _shipped(lock: Lock) -> list[str]:
    return sorted(place for place, package in lock.items() if place and not package.get("dev"))


def _found_from(place: str, name: str, lock: Lock) -> str:
    """Where the package in ``place`` finds another: beside itself, or in a folder further up."""
    while f"{place}/node_modules/{name}".lstrip("/") not in lock:
        if not place:
            raise LockRefused(f"{name} is not in package-lock.json: run npm ci.")
        place = place.rpartition("node_modules/")[0].rstrip("/")
    return f"{place}/node_modules/{name}".lstrip("/")


def _npm_name(place: str) -> str:
    return place.rpartition("node_modules/")[2]


def _npm_purl(place: str, lock: Lock) -> str:
    return f"pkg:npm/{quote(_npm_name(place))}@{lock[place]['version']}"


def _hash(algorithm: str, content: str) -> dict[str, str]:
    return {"alg": algorithm.upper().replace("SHA", "SHA-"), "content": content}


def _license_of(told: metadata.PackageMetadata | None) -> Component:
    """An SPDX expression where the package has one, otherwise what it calls its licence."""
    if told is None:
        return {}
    if expression := _said(told, "License-Expression"):
        return {"licenses": [{"expression": expression}]}
    classified = [
        each.rpartition(" :: ")[2]
        for each in told.get_all("Classifier") or []
        if each.startswith("License :: ") and each != "License :: OSI Approved"
    ]
    # Some put the whole text there, whose first line is its name.
    first_line = _said(told, "License").strip().partition("\n")[0]
    names = classified or [first_line[:LONGEST_NAME]] * bool(first_line)
    return {"licenses": [{"license": {"name": name}} for name in names]} if names else {}


def _said(told: metadata.PackageMetadata, name: str) -> str:
    return str(told[name]) if name in told else ""


def _python_edges(direct: list[str], pins: Mapping[str, Pin]) -> dict[str, list[str]]:
    """Which pin needs which, as the installed packages say, from the application (``""``) on."""
    edges: dict[str, list[str]] = {"": []}
    open_ends = [("", Requirement(each)) for each in direct]
    seen: set[tuple[str, str]] = set()
    while open_ends:
        parent, wanted = open_ends.pop()
        pin = pins.get(str(canonicalize_name(wanted.name)))
        if pin is None:
            continue  # for another system or Python: the lock names what this one needs
        edges.setdefault(parent, []).append(pin.purl)
        for extra in ("", *wanted.extras):
            if (pin.name, extra) not in seen:
                seen.add((pin.name, extra))
                open_ends += [(pin.purl, each) for each in _needs(pin, extra)]
    return edges


def _needs(pin: Pin, extra: str) -> Iterable[Requirement]:
    told = _installed(pin)
    for line in (told.get_all("Requires-Dist") or []) if told is not None else []:
        wanted = Requirement(line)
        if wanted.marker is None or wanted.marker.evaluate({"extra": extra}):
            yield wanted


def _installed(pin: Pin) -> metadata.PackageMetadata | None:
    """What the installed package says of itself, if it is the pinned one."""
    try:
        found = metadata.distribution(pin.name)
    except metadata.PackageNotFoundError:
        return None
    return found.metadata if found.version == pin.version else None


def _now() -> datetime:
    """The time that reproducible builds agree on, if there is one."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    return datetime.fromtimestamp(int(epoch), UTC) if epoch else datetime.now(UTC)


if __name__ == "__main__":
    try:
        sys.stdout.write(json.dumps(bill(), indent=2, ensure_ascii=False) + "\n")
    except LockRefused as refused:
        sys.exit(str(refused))
