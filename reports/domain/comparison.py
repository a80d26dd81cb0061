"""What a comparison shows: two captures of one person, their values, and the differences.

Nothing is judged: a difference is the later value less the earlier one, with all its digits.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import MAX_PREC, Context, Decimal
from typing import Any
from uuid import UUID

from django.utils.formats import date_format, number_format
from django.utils.timezone import localtime
from django.utils.translation import gettext

from dermalia.sealing.keys import UnlockedKey
from reports.domain import comparison_words as words
from reports.domain.page import Page, build_page
from reports.domain.series import Difference, difference
from reports.domain.watermark import Mark
from reports.models import Report
from reports.wording import WALK_ROUND
from scans.metrics import Metric, Zone
from scans.models import Asset, Scan
from scans.queries import Measured, measurements

SHORT_NAME = 6
_EXACT = Context(prec=MAX_PREC)
_MINUS = "−"

Values = Mapping[tuple[Metric, Zone], Measured]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two different reports of one series, the earlier capture first."""

    first: Report
    second: Report

    @property
    def reports(self) -> tuple[Report, Report]:
        return self.first, self.second

    @property
    def query(self) -> str:
        """The pair as parameters of an address."""
        return f"first={self.first.pk}&second={self.second.pk}"

    def mark(self, scan: Scan) -> Mark:
        """What is burnt into a picture of one of the two scans, in the reader's language."""
        days = " / ".join(_day(report.scan) for report in self.reports)
        text = f"{gettext(str(words.MARK))} · {days} · {short_name(scan)}"
        return Mark(text=text, terms=gettext(str(words.TERMS)))


@dataclass(frozen=True, slots=True)
class Row:
    """A metric, of the face or of an area of it, in both captures.

    Attributes:
        texts: the two values with all their digits; empty where one was not measured.
        difference: the second less the first, with its sign; empty where there is none.
        shares: places on the device's scale, 0 to 100, for drawing only; None if not measured.
    """

    key: str
    label: str
    texts: tuple[str, str]
    difference: str
    shares: tuple[float | None, float | None]


@dataclass(frozen=True, slots=True)
class MetricRow:
    """A metric of the whole face, with the scale it is on and its areas."""

    whole: Row
    is_estimate: bool
    scale_min: Decimal
    scale_max: Decimal
    zones: list[Row]


@dataclass(frozen=True, slots=True)
class Capture:
    """One of the two: which it is, when it was taken, and what is written across it."""

    label: str
    captured_at: datetime
    first_name: str
    mark: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """The content of a comparison, ready for a template.

    Attributes:
        views: those both captures have a still of, each with two stills.
        models: addresses and sizes of the two 3D models; empty unless both have one.
    """

    captures: tuple[Capture, Capture]
    rows: list[MetricRow]
    views: list[dict[str, Any]]
    models: list[dict[str, Any]]
    device_model: str
    device_serial: str
    algorithm_version: str
    notice: str

    @property
    def halves(self) -> list[tuple[Capture, dict[str, Any]]]:
        """Each capture with its still of the view that is shown first."""
        first = next(view for view in self.views if view["view"] == self.first_view)
        return list(zip(self.captures, first["stills"], strict=True))

    @property
    def first_view(self) -> str:
        """The front, or what there is in its place; empty where there are no stills."""
        names = [str(view["view"]) for view in self.views]
        return "front" if "front" in names else next(iter(names), "")

    @property
    def model_bytes(self) -> int:
        """What both models weigh together."""
        return sum(model["bytes"] for model in self.models)


def choose(members: Sequence[Report], first: UUID | None, second: UUID | None) -> Pair | None:
    """The pair somebody asked for, or else the newest capture with the oldest it compares with.

    Args:
        members: what may be shown, oldest capture first.
        first, second: reports, in any order; one that is not among the members counts as none.

    Returns:
        None where there are no two, or twice the same was asked for.
    """
    wanted = {member.pk: member for member in members if member.pk in (first, second)}
    if first is not None and first == second and wanted:
        return None
    if len(wanted) == 2:
        return Pair(*wanted.values())
    if len(members) < 2:
        return None
    *earlier, newest = members
    fitting = (each for each in earlier if difference(each.scan, newest.scan) is None)
    return Pair(next(fitting, earlier[0]), newest)


def refusal(pair: Pair) -> Difference | None:
    """Why the two cannot be compared; None if they can."""
    return difference(pair.first.scan, pair.second.scan)


def build_comparison(
    *,
    pair: Pair,
    keys: Mapping[UUID, UnlockedKey],
    file_url: Callable[[Asset], str],
) -> Comparison:
    """Open the values of two comparable reports and name their files.

    Args:
        keys: of the two scans, by key id.
        file_url: gives the same-origin address of a marked still or a model for this reader.

    Raises:
        ValueError: their values are on different scales.
    """
    if refusal(pair) is not None:
        raise ValueError("values of different scales are not compared")
    pages = [
        build_page(scan=each.scan, report=each, key=keys[each.scan.key_id], file_url=file_url)
        for each in pair.reports
    ]
    first, second = (_values(each.scan, keys[each.scan.key_id]) for each in pair.reports)
    models = [page.model for page in pages if page.model]
    scan = pair.second.scan
    return Comparison(
        captures=(_capture(pair, 0, pages[0]), _capture(pair, 1, pages[1])),
        rows=compare_values(first, second),
        views=_views(pages[0], pages[1]),
        models=models if len(models) == 2 else [],
        device_model=scan.device_model,
        device_serial=scan.device_serial,
        algorithm_version=scan.algorithm_version,
        notice=gettext(str(words.NOTICE)),
    )


def compare_values(first: Values, second: Values) -> list[MetricRow]:
    """The metrics that either capture has for the whole face, in their fixed order."""
    return [
        _metric(metric, first, second)
        for metric in Metric
        if (metric, Zone.FACE) in first or (metric, Zone.FACE) in second
    ]


def short_name(scan: Scan) -> str:
    """The end of the scan's identifier: enough for the practice to find it, too little to guess."""
    return scan.scan_identifier[-SHORT_NAME:]


def signed(number: Decimal) -> str:
    """A difference with its sign and all its digits, in the reader's notation."""
    text = str(number_format(number.copy_abs(), use_l10n=True))
    if not number:
        return text
    return f"{_MINUS if number < 0 else '+'}{text}"


def _values(scan: Scan, key: UnlockedKey) -> Values:
    return {(item.metric, item.zone): item for item in measurements(scan=scan, key=key)}


def _metric(metric: Metric, first: Values, second: Values) -> MetricRow:
    whole = second.get((metric, Zone.FACE)) or first[metric, Zone.FACE]
    areas = [
        _row(zone.value, str(zone.label), first.get((metric, zone)), second.get((metric, zone)))
        for zone in Zone
        if zone != Zone.FACE and ((metric, zone) in first or (metric, zone) in second)
    ]
    pair = first.get((metric, Zone.FACE)), second.get((metric, Zone.FACE))
    return MetricRow(
        whole=_row(metric.value, str(metric.label), *pair),
        is_estimate=metric.is_estimate,
        scale_min=whole.scale_min,
        scale_max=whole.scale_max,
        zones=areas,
    )


def _row(key: str, label: str, first: Measured | None, second: Measured | None) -> Row:
    return Row(
        key=key,
        label=label,
        texts=(_text(first), _text(second)),
        difference=_difference(first, second),
        shares=(_share(first), _share(second)),
    )


def _text(item: Measured | None) -> str:
    return "" if item is None else str(number_format(item.value, use_l10n=True))


def _difference(first: Measured | None, second: Measured | None) -> str:
    """Empty unless both were measured, on one scale."""
    if first is None or second is None:
        return ""
    if (first.scale_min, first.scale_max) != (second.scale_min, second.scale_max):
        return ""
    return signed(_EXACT.subtract(second.value, first.value))


def _share(item: Measured | None) -> float | None:
    if item is None or item.scale_max == item.scale_min:
        return None
    share = (item.value - item.scale_min) / (item.scale_max - item.scale_min) * 100
    return min(max(float(share), 0.0), 100.0)


def _capture(pair: Pair, place: int, page: Page) -> Capture:
    scan = pair.reports[place].scan
    if scan.captured_at is None:
        raise ValueError("a capture without a time has no place in a series")
    return Capture(
        label=gettext(str(words.CAPTURES[place])),
        captured_at=scan.captured_at,
        first_name=page.first_name,
        mark=pair.mark(scan).text,
    )


def _views(first: Page, second: Page) -> list[dict[str, Any]]:
    """As one walks round the face; a view only one of them has is of no use here."""
    stills = [{still["view"]: still for still in page.stills} for page in (first, second)]
    names = {view["view"]: view["name"] for view in first.views}
    return [
        {
            "view": view,
            "name": names[view],
            "label": stills[0][view]["label"],
            "stills": [stills[0][view], stills[1][view]],
        }
        for view in WALK_ROUND
        if all(view in each for each in stills)
    ]


def _day(scan: Scan) -> str:
    return str(date_format(localtime(scan.captured_at), "DATE_FORMAT"))
