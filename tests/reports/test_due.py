"""The day a report is erased, to the day."""

from datetime import UTC, date, datetime

import pytest

from practices.models import Purpose
from reports.domain.due import due_date


def noon(year: int, month: int, day: int) -> datetime:
    return datetime(year, month, day, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("captured", "created", "due"),
    [
        (noon(2026, 1, 15), noon(2026, 1, 15), date(2028, 1, 15)),
        (noon(2026, 1, 15), noon(2026, 3, 1), date(2028, 1, 15)),
        (noon(2026, 3, 1), noon(2026, 1, 15), date(2028, 1, 15)),
        (noon(2024, 2, 29), noon(2024, 2, 29), date(2026, 2, 28)),
        (noon(2026, 8, 31), noon(2026, 8, 31), date(2028, 8, 31)),
        # Half an hour before midnight UTC is the next day in Berlin.
        (datetime(2026, 6, 30, 23, 30, tzinfo=UTC), noon(2026, 7, 2), date(2028, 7, 1)),
    ],
)
def test_aesthetic_is_24_months_from_the_earlier_day(
    captured: datetime, created: datetime, due: date
) -> None:
    assert due_date(purpose=Purpose.AESTHETIC, captured_at=captured, created_at=created) == due


def test_medical_is_ten_years_from_capture() -> None:
    day = noon(2024, 2, 29)
    assert due_date(purpose=Purpose.MEDICAL, captured_at=day, created_at=day) == date(2034, 2, 28)


def test_medical_is_ten_years_from_the_end_of_treatment_where_it_is_known() -> None:
    due = due_date(
        purpose=Purpose.MEDICAL,
        captured_at=noon(2026, 1, 1),
        created_at=noon(2026, 1, 1),
        treatment_ended_on=date(2027, 5, 4),
    )
    assert due == date(2037, 5, 4)


def test_without_a_purpose_there_is_no_due_date() -> None:
    with pytest.raises(ValueError, match="purpose"):
        due_date(purpose="", captured_at=noon(2026, 1, 1), created_at=noon(2026, 1, 1))
