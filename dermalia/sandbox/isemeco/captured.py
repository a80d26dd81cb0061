"""What a device recorded in one sitting, before it gets a scan identifier.

The protocols fit the synthetic face's own types, which therefore need not import this module;
`Recording` is the plain implementation for folders and tests.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


class CapturedFile(Protocol):
    """One file: ``kind`` is mesh, material, texture, overlay or image."""

    @property
    def name(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def light(self) -> str | None: ...
    @property
    def metric(self) -> str | None: ...
    @property
    def media_type(self) -> str: ...
    @property
    def data(self) -> bytes: ...


class Measured(Protocol):
    """One value of a metric in a zone, on the scale from ``scale_min`` to ``scale_max``."""

    @property
    def metric(self) -> str: ...
    @property
    def zone(self) -> str: ...
    @property
    def value(self) -> float: ...
    @property
    def scale_min(self) -> float: ...
    @property
    def scale_max(self) -> float: ...


class Captured(Protocol):
    """Files and measurements of one sitting."""

    @property
    def files(self) -> Sequence[CapturedFile]: ...
    @property
    def measurements(self) -> Sequence[Measured]: ...


@dataclass(frozen=True)
class File:
    """A file held in memory."""

    name: str
    kind: str
    media_type: str
    data: bytes
    light: str | None = None
    metric: str | None = None


@dataclass(frozen=True)
class Measure:
    """A measurement held in memory."""

    metric: str
    zone: str
    value: float
    scale_min: float = 0
    scale_max: float = 100


@dataclass(frozen=True)
class Recording:
    """A capture held in memory."""

    files: tuple[File, ...]
    measurements: tuple[Measure, ...]
