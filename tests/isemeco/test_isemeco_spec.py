"""The written contract is valid, and says the same as the code that assumes it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from openapi_spec_validator import validate

from scans.isemeco import contract, fields
from scans.isemeco.vocabulary import AssetKind, Light, MediaType, Metric, Zone

SPEC = Path(__file__).parents[2] / "docs" / "isemeco-openapi.yaml"


@pytest.fixture(scope="module")
def spec() -> dict[str, Any]:
    return yaml.safe_load(SPEC.read_text("utf-8"))  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def schemas(spec: dict[str, Any]) -> dict[str, Any]:
    return spec["components"]["schemas"]  # type: ignore[no-any-return]


def test_the_contract_is_a_valid_openapi_document(spec: dict[str, Any]) -> None:
    assert spec["openapi"].startswith("3.1")
    validate(spec)


def test_word_lists_agree(schemas: dict[str, Any]) -> None:
    asset = schemas["Asset"]["properties"]
    ours = ["hydration" if m is Metric.HYDRATION_PROXY else m.value for m in Metric]
    assert schemas["Metric"]["enum"] == ours
    assert schemas["Zone"]["enum"] == list(Zone)
    assert asset["kind"]["enum"] == list(AssetKind)
    assert asset["light"]["enum"] == [*Light, None]
    assert asset["media_type"]["enum"] == list(MediaType)


def test_bounds_agree(schemas: dict[str, Any]) -> None:
    manifest = schemas["Manifest"]["properties"]
    assert manifest["assets"]["maxItems"] == contract.MAX_ASSETS
    assert manifest["measurements"]["maxItems"] == len(Metric) * len(Zone)
    assert schemas["Asset"]["properties"]["bytes"]["maximum"] == contract.MAX_ASSET_BYTES
    assert schemas["ScanPage"]["properties"]["scans"]["maxItems"] == contract.MAX_PAGE
    assert schemas["ScanIdentifier"]["pattern"] == f"^{fields.SCAN_IDENTIFIER}$"


@pytest.mark.parametrize(
    ("model", "schema"),
    [
        (contract.Manifest, "Manifest"),
        (contract.AssetEntry, "Asset"),
        (contract.Measurement, "Measurement"),
        (contract.Device, "Device"),
        (contract.Page, "ScanPage"),
        (contract.TokenAnswer, "Token"),
    ],
)
def test_fields_agree(schemas: dict[str, Any], model: type[Any], schema: str) -> None:
    required = {name for name, field in model.model_fields.items() if field.is_required()}
    assert set(schemas[schema]["properties"]) == set(model.model_fields)
    assert set(schemas[schema]["required"]) == required
