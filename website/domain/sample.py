"""The synthetic report on the start page, as ``scripts/sample.py`` made it."""

import json
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from django.contrib.staticfiles import finders
from django.templatetags.static import static
from django.utils.translation import gettext

from practices.models import Practice
from reports import wording
from reports.domain.page import Page, metric_values
from scans.metrics import Metric, Zone
from scans.queries import Measured

FOLDER = "sample"


def sample_page() -> Page | None:
    """A report's content about nobody, in the language in force; None where it was not made."""
    told = _list()
    if told is None:
        return None
    files = told["files"]
    return Page(
        practice=Practice(name="Demo"),
        first_name="",
        captured_at=None,
        device_model="",  # computed, not captured
        device_serial="",
        algorithm_version="",
        due_on=None,
        metrics=metric_values([_measured(item) for item in told["measurements"]]),
        stills=[still for view in wording.VIEWS for still in _stills(files, view)],
        model=next({"url": _url(f), "bytes": f["bytes"]} for f in files if f["kind"] == "model"),
        layers=[],
        overlays=[_overlay(f, files) for f in files if f["kind"] == "overlay"],
        zones=next(
            (
                {"url": _url(f), "names": [zone.value for zone in Zone if zone != Zone.FACE]}
                for f in files
                if f["kind"] == "zones"
            ),
            None,
        ),
        gallery=[],
        notice=gettext(str(wording.NOTICE)),
    )


@cache
def _list() -> dict[str, Any] | None:
    # Found once: the files change with a release, not while it runs.
    path = finders.find(f"{FOLDER}/sample.json")
    if not isinstance(path, str):
        return None
    told: dict[str, Any] = json.loads(Path(path).read_text(encoding="utf-8"))
    return told


def _stills(files: list[dict[str, Any]], view: str) -> list[dict[str, Any]]:
    return [
        {
            "view": view,
            "url": _url(file),
            "label": str(wording.VIEWS[view]),
            "width": 800,
            "height": 1000,
        }
        for file in files
        if file["kind"] == "still" and file["view"] == view and not file["metric"]
    ]


def _overlay(file: dict[str, Any], files: list[dict[str, Any]]) -> dict[str, str]:
    metric = file["metric"]
    stills = [f for f in files if f["kind"] == "still" and f["metric"] == metric]
    return {
        "metric": metric,
        "label": str(Metric(metric).label),
        "url": _url(file),
        "still": _url(stills[0]) if stills else "",
    }


def _measured(item: dict[str, str]) -> Measured:
    return Measured(
        metric=Metric(item["metric"]),
        zone=Zone(item["zone"]),
        value=Decimal(item["value"]),
        scale_min=Decimal(item["scale_min"]),
        scale_max=Decimal(item["scale_max"]),
    )


def _url(file: dict[str, Any]) -> str:
    return static(f"{FOLDER}/{file['name']}")
