"""The allow-list: what is taken, what is dropped and counted, what is refused."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scans.isemeco.contract import MAX_ASSET_BYTES, MAX_ASSETS, Manifest
from scans.isemeco.errors import ContractBroken
from scans.isemeco.parsing import parse
from scans.isemeco.vocabulary import Metric

Wire = Callable[..., dict[str, Any]]


def read(manifest: object) -> Manifest:
    return parse(Manifest, json.dumps(manifest).encode())[0]


def refused(manifest: object) -> str:
    with pytest.raises(ContractBroken) as broken:
        read(manifest)
    assert broken.value.__context__ is None
    return str(broken.value)


def test_a_manifest_is_read_whole(wire_manifest: Wire) -> None:
    manifest, dropped = parse(Manifest, json.dumps(wire_manifest()).encode())
    assert dropped == 0
    assert manifest.captured_at.utcoffset() == timedelta(hours=2)
    assert manifest.patient is not None
    assert manifest.patient.first_name == "Demo"
    assert manifest.measurements[0].metric is Metric.HYDRATION_PROXY
    assert manifest.assets[0].bytes == 3


def test_there_are_exactly_five_metrics() -> None:
    assert [metric.value for metric in Metric] == [
        "wrinkles",
        "pores",
        "pigmentation",
        "redness",
        "hydration_proxy",
    ]


@pytest.mark.parametrize("metric", ["skin_age", "acne", "hydration_proxy", "", 5, None])
def test_a_metric_the_device_does_not_have_is_refused(wire_manifest: Wire, metric: object) -> None:
    manifest = wire_manifest()
    manifest["measurements"][0]["metric"] = metric
    assert "measurements.0.metric" in refused(manifest)


def test_unknown_keys_are_dropped_and_counted_at_every_depth(wire_manifest: Wire) -> None:
    manifest = wire_manifest(skin_age=41)
    manifest["patient"]["birth_date"] = "1970-01-01 PLANTED"
    manifest["patient"]["insurance"] = {"number": "PLANTED", "companies": [{"name": "PLANTED"}]}
    manifest["measurements"][0]["scale"]["unit"] = "PLANTED"
    manifest["assets"][0]["exif"] = {"gps": "PLANTED"}
    accepted, dropped = parse(Manifest, json.dumps(manifest).encode())
    assert dropped == len(
        [
            "skin_age",
            "birth_date",
            "insurance",
            "number",
            "companies",
            "name",
            "unit",
            "exif",
            "gps",
        ]
    )
    assert accepted == read(wire_manifest())
    assert "PLANTED" not in repr(accepted.model_dump())


@given(
    sign=st.sampled_from(["", "-"]),
    whole=st.integers(0, 999_999),
    fraction=st.integers(0, 10**30 - 1),
    places=st.integers(1, 30),
)
def test_a_value_passes_digit_by_digit(sign: str, whole: int, fraction: int, places: int) -> None:
    text = f"{sign}{whole}.{str(fraction).zfill(places)[-places:]}"
    measurement = '{"metric":"pores","zone":"nose","value":%s,"scale":{"min":0,"max":100}}'
    assert f"{measured(measurement % text):f}" == text


@given(value=st.floats(-1_000_000, 1_000_000).filter(lambda number: abs(number) > 1e-15))
def test_a_value_passes_as_the_same_binary_number(value: float) -> None:
    content = {"metric": "pores", "zone": "nose", "value": value, "scale": {"min": 0, "max": 1}}
    passed = float(measured(json.dumps(content)))
    assert passed == value
    assert math.copysign(1, passed) == math.copysign(1, value)


def measured(measurement: str) -> Decimal:
    body = (
        '{"scan_id":"s","device":{"serial":"d","model":"m"},"algorithm_version":"1",'
        '"captured_at":"2026-01-01T00:00:00Z","measurements":[' + measurement + '],"assets":[{'
        '"name":"a.ply","kind":"mesh","media_type":"model/ply","bytes":1,"sha256":"' + "0" * 64
    )
    return (
        parse(Manifest, f'{body}","url":"https://a.example/"}}]}}'.encode())[0]
        .measurements[0]
        .value
    )


@pytest.mark.parametrize(
    "value", [True, "41.5", None, [], {}, 1_000_001, -1e7, 0.1**50, float("nan"), float("inf")]
)
def test_a_value_that_is_no_plain_number_is_refused(wire_manifest: Wire, value: object) -> None:
    manifest = wire_manifest()
    manifest["measurements"][0]["value"] = value
    refused(manifest)


@pytest.mark.parametrize("number", ["1e-999999999", "0." + "1" * 5000, "1" * 5000, "NaN", "1e999"])
def test_a_number_made_to_hurt_is_refused(wire_manifest: Wire, number: str) -> None:
    body = json.dumps(wire_manifest()).replace("41.5", number)
    with pytest.raises(ContractBroken):
        parse(Manifest, body.encode())


def test_a_value_outside_its_scale_is_passed_on_as_it_is(wire_manifest: Wire) -> None:
    manifest = wire_manifest()
    manifest["measurements"][0]["value"] = 100.25
    assert read(manifest).measurements[0].value == Decimal("100.25")


def test_a_scale_must_rise(wire_manifest: Wire) -> None:
    manifest = wire_manifest()
    manifest["measurements"][0]["scale"] = {"min": 5, "max": 5}
    assert "rises" in refused(manifest)


def test_a_metric_measured_twice_in_one_zone_is_refused(wire_manifest: Wire) -> None:
    measurement = wire_manifest()["measurements"][0]
    assert "twice" in refused(wire_manifest(measurements=[measurement, measurement]))


@pytest.mark.parametrize(
    "moment", ["2026-05-26T09:30:00", "2026-05-26", 1_779_780_600, "1779780600", "yesterday", None]
)
def test_a_time_without_offset_is_refused(wire_manifest: Wire, moment: object) -> None:
    assert "captured_at" in refused(wire_manifest(captured_at=moment))


@pytest.mark.parametrize(
    "name",
    ["../face.glb", "a/b.glb", "a\\b.glb", "C:face.glb", ".face", "..", "", "x" * 121, "a\0b"],
)
def test_a_file_name_that_could_be_a_path_is_refused(
    wire_manifest: Wire, asset: Wire, name: str
) -> None:
    assert "assets.0.name" in refused(wire_manifest(assets=[asset(name=name)]))


def test_two_files_of_one_name_are_refused_whatever_their_case(
    wire_manifest: Wire, asset: Wire
) -> None:
    assert "same name" in refused(wire_manifest(assets=[asset(), asset(name="FACE.GLB")]))


@pytest.mark.parametrize(
    "fault",
    [
        {"bytes": 0},
        {"bytes": MAX_ASSET_BYTES + 1},
        {"bytes": "3"},
        {"bytes": True},
        {"bytes": 2.5},
        {"sha256": "ab" * 31},
        {"sha256": "zz" * 32},
        {"sha256": "ab" * 32 + "\n"},
        {"kind": "video"},
        {"light": "infrared"},
        {"media_type": "image/svg+xml"},
        {"media_type": "image/jpeg"},
        {"metric": "pores"},
        {"url": ""},
        {"url": "https://a.example/" + "x" * 2048},
    ],
)
def test_a_file_that_does_not_follow_the_rules_is_refused(
    wire_manifest: Wire, asset: Wire, fault: dict[str, object]
) -> None:
    assert "assets.0" in refused(wire_manifest(assets=[asset(**fault)]))


def test_an_overlay_must_say_its_metric(wire_manifest: Wire, asset: Wire) -> None:
    overlay = asset(name="o.png", kind="overlay", media_type="image/png")
    assert "overlay" in refused(wire_manifest(assets=[asset(), overlay]))


def test_a_scan_without_a_mesh_is_refused(wire_manifest: Wire, asset: Wire) -> None:
    picture = asset(name="p.png", kind="image", media_type="image/png")
    assert "mesh" in refused(wire_manifest(assets=[picture]))


def test_too_many_files_are_refused(wire_manifest: Wire, asset: Wire) -> None:
    assets = [asset(name=f"{number}.glb") for number in range(MAX_ASSETS + 1)]
    read(wire_manifest(assets=assets[:-1]))
    assert "200" in refused(wire_manifest(assets=assets))


def test_files_too_large_together_are_refused(wire_manifest: Wire, asset: Wire) -> None:
    assets = [asset(name=f"{number}.glb", bytes=MAX_ASSET_BYTES) for number in range(3)]
    assert "together" in refused(wire_manifest(assets=assets))


@pytest.mark.parametrize("name", ["De\nmo", "De\x00mo", "Demo\u202eomeD", "x" * 81, 5])
def test_a_first_name_that_could_forge_text_is_refused(wire_manifest: Wire, name: object) -> None:
    assert "patient.first_name" in refused(wire_manifest(patient={"first_name": name}))


@pytest.mark.parametrize(
    "email",
    ["demo", "demo@", "@example.org", "a@b@example.org", "a@b\nBcc: c@example.org", "a b@c.de"],
)
def test_an_address_that_is_none_is_refused(wire_manifest: Wire, email: str) -> None:
    assert "patient.email" in refused(wire_manifest(patient={"email": email}))


@pytest.mark.parametrize("patient", [None, {}, {"first_name": "", "email": " "}])
def test_name_and_address_are_optional(wire_manifest: Wire, patient: object) -> None:
    person = read(wire_manifest(patient=patient)).patient
    assert person is None or (person.first_name is None and person.email is None)


def test_names_with_joiners_and_other_scripts_are_kept(wire_manifest: Wire) -> None:
    for name in ("Zoë", "می‌نا", "क्‍ष", "李"):
        patient = read(wire_manifest(patient={"first_name": name})).patient
        assert patient is not None
        assert patient.first_name == name


def test_a_refusal_never_quotes_what_was_sent(wire_manifest: Wire, asset: Wire) -> None:
    faulty = wire_manifest(
        patient={"first_name": "PLANTED\0", "email": "PLANTED"},
        captured_at="PLANTED",
        assets=[asset(name="../PLANTED", url="")],
        algorithm_version="PLANTED" * 100,
    )
    message = refused(faulty)
    assert "patient.first_name" in message or "captured_at" in message
    assert "PLANTED" not in message


def test_a_printed_manifest_shows_neither_person_nor_addresses(wire_manifest: Wire) -> None:
    shown = repr(read(wire_manifest()))
    assert "demo@example.org" not in shown
    assert "signature" not in shown


@pytest.mark.parametrize(
    "body", [b"", b"{", b"\xff", b"[" * 100_000, b'{"scan_id": 1, "scan_id": 2}', b"null", b"[]"]
)
def test_an_answer_that_is_no_readable_object_is_refused(body: bytes) -> None:
    with pytest.raises(ContractBroken) as broken:
        parse(Manifest, body)
    assert broken.value.__context__ is None
