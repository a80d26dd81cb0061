"""Times as pages show them. Pages with many render them here: the template's filter asks for
language, format and time zone anew each time, and twice for each."""

from datetime import date, datetime
from typing import NamedTuple

from django.utils import timezone
from django.utils.formats import date_format


class Moment(NamedTuple):
    """A time, or a day, for programs and for people."""

    iso: str
    words: str


def moment(at: datetime) -> Moment:
    """The time, short, as a clock on the wall shows it."""
    here = timezone.localtime(at)
    return Moment(here.isoformat(), date_format(here, "SHORT_DATETIME_FORMAT"))


def day(on: date) -> Moment:
    """The day, short."""
    return Moment(on.isoformat(), date_format(on, "SHORT_DATE_FORMAT"))
