"""Manifests of a cluster gone bad: wrong kinds, lying numbers, harmful texts, too many data."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.hostile.outcome import MARKER

Tree = dict[str, Any]
MIB = 1 << 20
HALF_MIB = MIB // 2


@dataclass(frozen=True)
class Manifest:
    """A body and how it is met: words of its refusal, or how many keys of it are dropped."""

    build: Callable[[], bytes]
    end: str | int


def honest() -> Tree:
    """A manifest as agreed; its one file lies on whatever cluster hands it out."""
    return {
        "scan_id": "scan-1",
        "device": {"serial": "D-1", "model": "M"},
        "captured_at": "2026-05-26T09:30:00+02:00",
        "algorithm_version": "4.2.1",
        "patient": {"first_name": "Demo", "email": "demo@example.org"},
        "measurements": [
            {"metric": "pores", "zone": "face", "value": 41.5, "scale": {"min": 0, "max": 100}}
        ],
        "assets": [
            {
                "name": "face.obj",
                "kind": "mesh",
                "media_type": "model/obj",
                "bytes": 3,
                "sha256": "ab" * 32,
                "url": "https://isemeco.example/v1/assets/1",
            }
        ],
    }


def set_to(path: str, value: Any) -> Callable[[], bytes]:
    """The honest manifest with another value at a place like ``assets.0.bytes``."""

    def build() -> bytes:
        tree = honest()
        node: Any = tree
        *way, last = [int(step) if step.isdigit() else step for step in path.split(".")]
        for step in way:
            node = node[step]
        node[last] = value
        return json.dumps(tree).encode()

    return build


def written(path: str, text: str) -> Callable[[], bytes]:
    """As `set_to`, with the very characters of a number."""
    return lambda: set_to(path, "@@")().replace(b'"@@"', text.encode())


def refused(path: str, value: Any, words: str | None = None) -> Manifest:
    return Manifest(set_to(path, value), path if words is None else words)


def many(path: str, times: int) -> Callable[[], bytes]:
    """A list of the honest manifest with its first entry so many times."""
    return set_to(path, honest()[path] * times)


def nested(depth: int) -> Any:
    deep: Any = MARKER
    for number in range(depth):
        deep = {f"{MARKER}{number}": [deep]}
    return deep


KINDS: dict[str, Manifest] = (
    {
        f"{path} as {what}": refused(path, value)
        for path in ("scan_id", "captured_at", "algorithm_version")
        for what, value in {
            "a number": 7,
            "nothing": None,
            "a list": [MARKER],
            "an object": {MARKER: MARKER},
            "true": True,
        }.items()
    }
    | {
        f"{path} as {what}": refused(path, value)
        for path in ("device", "measurements", "assets")
        for what, value in {"a text": MARKER, "a number": 1e300, "nothing": None}.items()
    }
    | {
        "a list for the whole": Manifest(lambda: b"[" + set_to("device", {})() + b"]", "the whole"),
        "a text for the whole": Manifest(lambda: json.dumps(MARKER * 99).encode(), "the whole"),
        "lists in a list of files": refused("assets", [[[[[]]]]], "assets.0"),
        "a patient that is a list": refused("patient", [MARKER]),
        "a patient that is a text": refused("patient", MARKER),
    }
)

NUMBERS: dict[str, Manifest] = {
    f"a value of {text[:12]}": Manifest(written("measurements.0.value", text), words)
    for text, words in {
        "1e400": "measurements.0.value",
        "-1e400": "measurements.0.value",
        "1e-400": "measurements.0.value",
        "1E+2147483648": "measurements.0.value",
        "9" * 4000: "measurements.0.value",
        "9" * 5000: "not readable",
        "0." + "3" * 100_000: "measurements.0.value",
        "Infinity": "not readable",
        "-Infinity": "not readable",
        "0x10": "not readable",
        "01": "not readable",
        "1_000": "not readable",
        "+5": "not readable",
        "1000000.1": "measurements.0.value",
    }.items()
} | {
    "a size of minus one": refused("assets.0.bytes", -1),
    "a size of minus nothing": refused("assets.0.bytes", -0.0),
    "a size beyond all": refused("assets.0.bytes", 2**63),
    "a size of a thousand digits": Manifest(
        written("assets.0.bytes", "9" * 1000), "assets.0.bytes"
    ),
    "a size in exponents": Manifest(written("assets.0.bytes", "1e3"), "assets.0.bytes"),
    "a scale upside down": refused("measurements.0.scale", {"min": 100, "max": 0}),
    "a scale of words": refused("measurements.0.scale", {"min": MARKER, "max": MARKER}),
    "a scale without an end": refused("measurements.0.scale", {"min": 0}),
}

MOMENTS: dict[str, Manifest] = {
    f"captured {what}": refused("captured_at", text, "captured_at")
    for what, text in {
        "before our era begins": "0001-01-01T00:00:00+14:00",
        "in the year nought": "0000-01-01T00:00:00Z",
        "at the end of years": "9999-12-31T23:59:59-12:00",
        "in a year of five digits": "10000-01-01T00:00:00Z",
        "when clocks begin": "1970-01-01T00:00:00Z",
        "in another century": "2100-01-01T00:00:00Z",
        "on a day there is not": "2026-02-30T00:00:00Z",
        "in a month there is not": "2026-13-01T00:00:00Z",
        "at an hour there is not": "2026-01-01T25:00:00Z",
        "at no place on earth": "2026-01-01T00:00:00+23:59",
        "beyond all places": "2026-01-01T00:00:00+99:99",
        "in no place at all": "2026-01-01T00:00:00",
        "in other digits": "２０２６-01-01T00:00:00Z",
        "in the manner of mails": "Tue, 26 May 2026 09:30:00 +0200",
        "in a text of half a megabyte": "2026-01-01T" + "0" * HALF_MIB,
        "with a name behind": f"2026-01-01T00:00:00Z {MARKER}",
    }.items()
}

TEXTS: dict[str, Manifest] = {
    "a serial number of a megabyte": refused("device.serial", MARKER * 60_000),
    "a serial number that breaks lines": refused("device.serial", f"{MARKER}\r\nX: y"),
    "a serial number cut by NUL": refused("device.serial", f"{MARKER}\0"),
    "half a character": refused("device.serial", f"{MARKER}\ud800"),
    "half a character in a person's name": refused("patient.first_name", f"{MARKER}\udfff"),
    "half a character in a key that is dropped": Manifest(set_to("\ud800", MARKER), 1),
    "a version that turns around": refused("algorithm_version", f"4.2\u202e{MARKER}"),
    "a version that hides a text": refused(
        "algorithm_version", "4" + "".join(chr(0xE0000 + ord(letter)) for letter in MARKER)
    ),
    "a scan named like a path": refused("scan_id", f"../{MARKER}"),
    "a scan named with a line's end": refused("scan_id", "scan-1\n"),
    "a scan named in other letters": refused("scan_id", "ѕсаn-1"),
    "another scan": Manifest(set_to("scan_id", MARKER), "another scan"),
    "a file named like a device's stream": refused("assets.0.name", "face.obj:hidden"),
    "a file named with a terminal's colours": refused("assets.0.name", f"\x1b[31m{MARKER}"),
    "a file named backwards": refused("assets.0.name", f"\u202ejbo.{MARKER}"),
    "a file named with nothing to see": refused("assets.0.name", "\u200bface.obj"),
    "a picture in a light there is not": refused("assets.0.light", MARKER),
    "a kind of file there is not": refused("assets.0.kind", f"{MARKER}; DROP TABLE"),
    "a format there is not": refused("assets.0.media_type", "image/svg+xml"),
}

DIGESTS: dict[str, Manifest] = {
    f"a checksum {what}": refused("assets.0.sha256", text)
    for what, text in {
        "of no letters": "",
        "in capitals": "AB" * 32,
        "too short": "ab" * 31,
        "too long": "ab" * 33,
        "in base64": "q83vq83vq83vq83vq83vq83vq83vq83vq83vq83vq80=",
        "with its kind before": "sha256:" + "ab" * 32,
        "with a line's end": "ab" * 32 + "\n",
        "in other digits": "１" * 64,
        "of half a megabyte": "ab" * (HALF_MIB // 2),
        "in a list": ["ab" * 32],
    }.items()
}

CROWDS: dict[str, Manifest] = {
    "a thousand measurements": Manifest(many("measurements", 1000), "measurements"),
    "one measurement twice": Manifest(many("measurements", 2), "measured twice"),
    "two thousand files": Manifest(many("assets", 2000), "assets"),
    "one file twice": Manifest(many("assets", 2), "same name"),
    "no files": refused("assets", []),
    "more bytes than may be": Manifest(lambda: b" " * (2 * MIB) + set_to("x", 1)(), "too long"),
    "a thousand keys too many": Manifest(
        set_to("x", {f"{MARKER}{n}": n for n in range(999)}), 1000
    ),
    "keys within keys within keys": Manifest(set_to("x", nested(100)), 101),
    "keys too deep to follow": Manifest(
        lambda: set_to("x", "@@")().replace(b'"@@"', b'{"a":' * 20_000 + b"1" + b"}" * 20_000),
        "not readable",
    ),
    "lists too deep to follow": Manifest(
        lambda: set_to("x", "@@")().replace(b'"@@"', b"[" * 50_000 + b"]" * 50_000), "not readable"
    ),
    "a hundred thousand empty lists": Manifest(set_to("x", [[]] * 100_000), 1),
}

FORBIDDEN: dict[str, Manifest] = {
    f"{what} of the patient": Manifest(set_to(path, value), dropped)
    for what, path, value, dropped in (
        ("the birthday", "patient.birth_date", f"1970-01-01 {MARKER}", 1),
        ("the address", "patient.address", {"street": MARKER, "city": MARKER}, 3),
        ("the insurance", "insurance", [{"number": MARKER}, {"number": MARKER}], 3),
        ("the illness", "measurements.0.diagnosis", {"code": MARKER}, 2),
        ("the treatment", "assets.0.treatment", [[{MARKER: MARKER}]], 2),
        ("the bill", "device.billing", {MARKER: {MARKER: MARKER}}, 3),
        ("the age", "measurements.0.scale.age", MARKER, 1),
        ("the last name", "patient.last_name", MARKER, 1),
        ("a key that plays an object's part", "__proto__", {"admin": True}, 2),
        ("a key that plays a class's part", "__class__", {"__init__": MARKER}, 2),
    )
}

GROUPS = (KINDS, NUMBERS, MOMENTS, TEXTS, DIGESTS, CROWDS, FORBIDDEN)
CASES: dict[str, Manifest] = {name: case for group in GROUPS for name, case in group.items()}
assert len(CASES) == sum(map(len, GROUPS))
