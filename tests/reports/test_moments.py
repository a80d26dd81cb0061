"""Times are written as Django writes them, only sooner."""

from datetime import UTC, date, datetime

import pytest
from django.utils.formats import date_format
from django.utils.translation import override

from reports.views.moments import shown

AT = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
FORMS = ("SHORT_DATETIME_FORMAT", "SHORT_DATE_FORMAT", "TIME_FORMAT", "DATETIME_FORMAT", "j. F Y")


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize("form", FORMS)
def test_a_time_is_written_as_the_language_s_format_says(language: str, form: str) -> None:
    with override(language):
        assert shown(AT, form) == date_format(AT, form)


def test_languages_do_not_share_a_format() -> None:
    written = set()
    for language in ("de", "en"):
        with override(language):
            written.add(shown(date(2026, 3, 4), "SHORT_DATE_FORMAT"))
    assert written == {"04.03.2026", "04/03/2026"}
