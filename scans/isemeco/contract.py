"""The manufacturer's data as we accept it: an allow-list, checked before anything is stored.

What is not named here is dropped while parsing, and only counted. Measured values pass through
as the very decimal numbers the cluster wrote: no rounding, no clamping, no filling in. The shapes
follow ``docs/isemeco-openapi.yaml``, which is our assumption, not the manufacturer's word.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import Annotated, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    StringConstraints,
    model_validator,
)

from scans.isemeco.fields import (
    Address,
    CapturedAt,
    Cursor,
    DeviceMetric,
    EmailAddress,
    FirstName,
    Label,
    Number,
    ScanIdentifier,
    Sha256,
    Token,
    Word,
)
from scans.isemeco.vocabulary import FORMATS, AssetKind, Light, MediaType, Metric, Zone

MAX_ASSETS = 200
MAX_ASSET_BYTES = 200 * 1024 * 1024
MAX_SCAN_BYTES = 500 * 1024 * 1024
MAX_PAGE = 100


class _Accepted(BaseModel):
    # Input stays out of error texts: it may be a patient's.
    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)


class Device(_Accepted):
    """The scanner."""

    serial: Word
    model: Word


class Patient(_Accepted):
    """All we ever take about a person; both may be missing."""

    first_name: FirstName = None
    email: EmailAddress = None


class Scale(_Accepted):
    """The range a value is meant to be read in. A value outside of it is passed on as it is."""

    min: Number
    max: Number

    @model_validator(mode="after")
    def _rises(self) -> Self:
        if self.min >= self.max:
            raise ValueError("a scale rises from min to max")
        return self


class Measurement(_Accepted):
    """One metric in one zone."""

    metric: DeviceMetric
    zone: Zone
    value: Number
    scale: Scale


class AssetFile(_Accepted):
    """One file. ``name`` labels it within its scan."""

    name: Label
    kind: AssetKind
    light: Light | None = None
    metric: DeviceMetric | None = None
    media_type: MediaType
    bytes: Annotated[StrictInt, Field(ge=1, le=MAX_ASSET_BYTES)]
    sha256: Sha256

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.media_type not in FORMATS[self.kind]:
            raise ValueError("the file format does not fit the kind of file")
        if (self.kind is AssetKind.OVERLAY) != (self.metric is not None):
            raise ValueError("overlays, and only overlays, show a metric")
        return self


class AssetEntry(AssetFile):
    """A file on the cluster; ``url`` is good for a short time only."""

    url: Annotated[Address, Field(repr=False)]


class ScanManifest(_Accepted):
    """A complete scan. Name and address of the patient stay out of its printed form."""

    scan_id: ScanIdentifier
    device: Device
    captured_at: CapturedAt
    algorithm_version: Word
    patient: Annotated[Patient | None, Field(repr=False)] = None
    measurements: Annotated[tuple[Measurement, ...], Field(max_length=len(Metric) * len(Zone))]
    assets: Annotated[tuple[AssetFile, ...], Field(min_length=1, max_length=MAX_ASSETS)]

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if _repeats((measured.metric, measured.zone) for measured in self.measurements):
            raise ValueError("a metric is measured twice in one zone")
        if _repeats(asset.name.casefold() for asset in self.assets):
            raise ValueError("two files have the same name")
        if not any(asset.kind is AssetKind.MESH for asset in self.assets):
            raise ValueError("there is no mesh")
        if sum(asset.bytes for asset in self.assets) > MAX_SCAN_BYTES:
            raise ValueError("the files are too large together")
        return self


class Manifest(ScanManifest):
    """A complete scan on the cluster."""

    assets: Annotated[tuple[AssetEntry, ...], Field(min_length=1, max_length=MAX_ASSETS)]


def _repeats(items: Iterable[Hashable]) -> bool:
    listed = list(items)
    return len(set(listed)) < len(listed)


class ListedScan(_Accepted):
    """An entry of the scan list."""

    scan_id: ScanIdentifier


class Page(_Accepted):
    """A page of the scan list."""

    scans: Annotated[tuple[ListedScan, ...], Field(max_length=MAX_PAGE)]
    next_cursor: Cursor
    has_more: StrictBool


class TokenAnswer(_Accepted):
    """An access token and its life in seconds."""

    access_token: Annotated[Token, Field(repr=False)]
    token_type: Annotated[str, StringConstraints(pattern=r"^(?i:bearer)\z")]
    expires_in: Annotated[StrictInt, Field(ge=1, le=30 * 24 * 3600)]
