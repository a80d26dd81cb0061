"""What a report page shows, put together from opened values and stored files."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext

from dermalia.sealing.keys import UnlockedKey
from practices.models import Practice
from reports import wording
from reports.models import Report
from scans.metrics import Metric, Zone
from scans.models import Asset, Scan
from scans.queries import Measured, Person, derived, measurements, person

FileUrl = Callable[[Asset], str]


@dataclass(frozen=True, slots=True)
class ZoneValue:
    """A metric in one area of the face; ``share`` as for the whole face."""

    key: str
    label: str
    value_text: str
    share: float


@dataclass(frozen=True, slots=True)
class MetricValue:
    """One metric as the device gave it.

    Attributes:
        share: place of the value on the device's scale, 0–100; for drawing only.
    """

    key: str
    label: str
    value: float
    value_text: str
    scale_min: float
    scale_max: float
    share: float
    is_estimate: bool
    explanation: str
    background: str
    zones: list[ZoneValue]


@dataclass(frozen=True, slots=True)
class Page:
    """The content of a report, ready for a template."""

    practice: Practice
    first_name: str
    captured_at: datetime | None
    device_model: str
    device_serial: str
    algorithm_version: str
    due_on: date | None
    metrics: list[MetricValue]
    stills: list[dict[str, Any]]
    model: dict[str, Any] | None
    layers: list[dict[str, str]]
    overlays: list[dict[str, str]]
    zones: dict[str, Any] | None
    gallery: list[dict[str, str]]
    notice: str
    pdf_url: str = ""

    @property
    def views(self) -> list[dict[str, Any]]:
        """The buttons of the viewer: every still, and what only the 3D model can show.

        The latter have no ``url``. From the person's right to their left, as one walks round.
        """
        stills = {still["view"]: still for still in self.stills}
        return [
            {"view": view, "label": _view(view), "name": str(wording.VIEW_NAMES[view])}
            | stills.get(view, {"url": ""})
            for view in wording.WALK_ROUND
            if self.model or view in stills
        ]

    @property
    def viewer(self) -> dict[str, Any]:
        """What the 3D viewer's script reads."""
        return {
            "model": self.model,
            "layers": self.layers,
            "overlays": self.overlays,
            "zones": self.zones,
        }


def build_page(
    *,
    scan: Scan,
    report: Report | None,
    key: UnlockedKey,
    file_url: FileUrl,
    pdf_url: str = "",
    in_detail: bool = False,
    known: Person | None = None,
    files: list[Asset] | None = None,
) -> Page:
    """Open the values and name the files.

    Args:
        file_url: gives the same-origin address of a file for this reader.
        pdf_url: the same-origin address of the PDF; empty where there is none.
        in_detail: show the model in full detail where that was made.
        known: the person, and files: what ``derived`` gives; read here where left out.
    """
    known = known or person(scan=scan, key=key)
    files = derived(scan=scan) if files is None else files
    return Page(
        practice=scan.practice,
        first_name=known.first_name,
        captured_at=scan.captured_at,
        device_model=scan.device_model,
        device_serial=scan.device_serial,
        algorithm_version=scan.algorithm_version,
        due_on=report.due_on if report else None,
        metrics=metric_values(measurements(scan=scan, key=key)),
        stills=[
            _still(file, file_url) for file in _of_kind(files, Asset.Kind.STILL) if _whole(file)
        ],
        model=_model(files, file_url, in_detail=in_detail),
        layers=[
            {"light": f.light, "label": _light(f), "url": file_url(f)}
            for f in _of_kind(files, Asset.Kind.LAYER)
        ],
        overlays=_overlays(files, file_url),
        zones=_zones(files, file_url),
        gallery=[{"url": file_url(file)} for file in _of_kind(files, Asset.Kind.IMAGE)],
        notice=gettext(str(wording.NOTICE)),
        pdf_url=pdf_url,
    )


def _of_kind(files: list[Asset], kind: Asset.Kind) -> list[Asset]:
    order = {name: place for place, name in enumerate([*wording.VIEWS, *wording.LIGHTS, *Metric])}
    chosen = [file for file in files if file.kind == kind]
    return sorted(chosen, key=lambda f: order.get(f.view or f.light or f.metric, len(order)))


def _light(file: Asset) -> str:
    return str(wording.LIGHTS.get(file.light, file.light))


def _model(files: list[Asset], file_url: FileUrl, *, in_detail: bool) -> dict[str, Any] | None:
    detailed = _of_kind(files, Asset.Kind.DETAIL) if in_detail else []
    models = detailed or _of_kind(files, Asset.Kind.MODEL)
    return {"url": file_url(models[0]), "bytes": models[0].bytes} if models else None


def _whole(still: Asset) -> bool:
    """Whether it shows the whole face as it is, not an overlay or an area from nearby."""
    return not still.metric and still.view in wording.VIEWS


def _overlays(files: list[Asset], file_url: FileUrl) -> list[dict[str, str]]:
    """What may be laid over the face; ``still`` is the front with it, where there is one."""
    stills = {
        file.metric: file_url(file)
        for file in _of_kind(files, Asset.Kind.STILL)
        if file.metric and file.view == "front"
    }
    return [
        {
            "metric": file.metric,
            "label": str(Metric(file.metric).label),
            "url": file_url(file),
            "still": stills.get(file.metric, ""),
        }
        for file in _of_kind(files, Asset.Kind.OVERLAY)
    ]


def _zones(files: list[Asset], file_url: FileUrl) -> dict[str, Any] | None:
    """The map of the areas in the model's texture layout: level 1 is the first of ``names``."""
    maps = _of_kind(files, Asset.Kind.ZONES)
    if not maps:
        return None
    return {"url": file_url(maps[0]), "names": [zone.value for zone in Zone if zone != Zone.FACE]}


def _still(file: Asset, file_url: FileUrl) -> dict[str, Any]:
    return {
        "view": file.view,
        "url": file_url(file),
        "label": _view(file.view),
        "width": 800,
        "height": 1000,
    }


def _view(name: str) -> str:
    return str(wording.VIEWS.get(name, name))


def metric_values(values: list[Measured]) -> list[MetricValue]:
    """The five metrics in their fixed order; one that was not measured is left out."""
    by_metric = {
        metric: {item.zone: item for item in values if item.metric == metric} for metric in Metric
    }
    return [_metric(metric, zones) for metric, zones in by_metric.items() if Zone.FACE in zones]


def _metric(metric: Metric, zones: dict[Zone, Measured]) -> MetricValue:
    whole = zones[Zone.FACE]
    return MetricValue(
        key=metric.value,
        label=str(metric.label),
        value=float(whole.value),
        value_text=_text(whole.value),
        scale_min=float(whole.scale_min),
        scale_max=float(whole.scale_max),
        share=_share(whole),
        is_estimate=metric.is_estimate,
        explanation=str(wording.EXPLANATIONS[metric]),
        background=str(wording.BACKGROUNDS[metric]),
        zones=[
            ZoneValue(zone.value, str(zone.label), _text(zones[zone].value), _share(zones[zone]))
            for zone in Zone
            if zone in zones and zone != Zone.FACE
        ],
    )


def _text(value: Decimal) -> str:
    """All the digits the device gave, with the reader's decimal sign."""
    return number_format(value, use_l10n=True)


def _share(item: Measured) -> float:
    width = item.scale_max - item.scale_min
    share = float((item.value - item.scale_min) / width * 100) if width else 0.0
    return min(max(share, 0.0), 100.0)
