"""The numbers of a comparison, and which two captures it is of."""

from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from uuid import UUID, uuid4

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from reports.domain.comparison import Pair, choose, compare_values, signed
from reports.models import Report
from scans.metrics import Metric, Zone
from scans.models import Scan
from scans.queries import Measured
from tests.reports.conftest import AFTER

SCALE = (Decimal(0), Decimal(100))
DIGITS = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**9), max_value=10**9)


def measured(
    value: str,
    metric: Metric = Metric.REDNESS,
    zone: Zone = Zone.FACE,
    scale: tuple[Decimal, Decimal] = SCALE,
) -> dict[tuple[Metric, Zone], Measured]:
    return {(metric, zone): Measured(metric, zone, Decimal(value), *scale)}


@given(first=DIGITS, second=DIGITS)
def test_the_difference_is_exact_to_the_last_digit(first: Decimal, second: Decimal) -> None:
    with translation.override("en"):
        (row,) = compare_values(measured(str(first)), measured(str(second)))
    shown = row.whole.difference.replace("−", "-")
    assert Fraction(shown) == Fraction(second) - Fraction(first)


@pytest.mark.parametrize(
    ("first", "second", "language", "text"),
    [
        ("42.1", "44.0", "de", "+1,9"),
        ("42.1", "44.0", "en", "+1.9"),
        ("44.0", "42.1", "de", "−1,9"),
        ("42.10", "42.1", "en", "0.00"),
        ("0.1", "0.3", "en", "+0.2"),
        ("1000", "3500.5", "de", "+2500,5"),
    ],
)
def test_a_difference_is_a_signed_number_in_the_reader_s_notation(
    first: str, second: str, language: str, text: str
) -> None:
    with translation.override(language):
        (row,) = compare_values(measured(first), measured(second))
    assert row.whole.difference == text


def test_there_is_no_sign_where_there_is_no_difference() -> None:
    assert signed(Decimal("0.0")) == signed(Decimal("-0.0"))


def test_a_value_only_one_capture_has_has_no_difference() -> None:
    (row,) = compare_values({}, measured("5"))
    assert (row.whole.texts, row.whole.difference, row.whole.shares) == (("", "5"), "", (None, 5))


def test_values_on_different_scales_have_no_difference() -> None:
    (row,) = compare_values(measured("5"), measured("5", scale=(Decimal(0), Decimal(10))))
    assert row.whole.texts == ("5", "5")
    assert row.whole.difference == ""


def test_every_area_either_capture_has_is_in_the_table() -> None:
    first = measured("5") | measured("1", zone=Zone.NOSE)
    second = measured("6") | measured("2", zone=Zone.CHIN) | measured("4", zone=Zone.NOSE)
    (row,) = compare_values(first, second)
    assert [(zone.key, zone.difference) for zone in row.zones] == [("nose", "+3"), ("chin", "")]


def report_like(number: int, **columns: str) -> Report:
    known = {"device_model": "M", "device_serial": "1", "algorithm_version": "1"}
    scan = Scan(captured_at=AFTER + timedelta(days=number), **(known | columns))
    return Report(pk=UUID(int=number + 1), scan=scan)


def numbers(pair: Pair | None) -> list[int] | None:
    return None if pair is None else [report.pk.int - 1 for report in pair.reports]


def test_oldest_and_newest_are_compared_unless_somebody_asks_for_others() -> None:
    members = [report_like(number) for number in range(4)]
    ids = [member.pk for member in members]
    assert numbers(choose(members, None, None)) == [0, 3]
    assert numbers(choose(members, ids[1], ids[2])) == [1, 2]
    assert numbers(choose(members, ids[2], ids[1])) == [1, 2]
    assert numbers(choose(members, ids[2], uuid4())) == [0, 3]
    assert choose(members, ids[2], ids[2]) is None
    assert choose(members[:1], None, None) is None
    assert choose([], None, None) is None


def test_the_newest_is_compared_with_the_oldest_of_its_own_device() -> None:
    members = [report_like(0, device_serial="2"), report_like(1), report_like(2)]
    assert numbers(choose(members, None, None)) == [1, 2]
    assert numbers(choose(members[:2], None, None)) == [0, 1]
