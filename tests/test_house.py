"""Things about the house as a whole."""

import io
import logging

import pytest
from django.core.management import call_command

from dermalia.operations.logs import Redact
from dermalia.redact import redact


@pytest.mark.usefixtures("db")
def test_no_migration_is_missing() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


@pytest.mark.usefixtures("db")
def test_the_checks_find_nothing() -> None:
    call_command("check", fail_level="WARNING")


@pytest.mark.parametrize(
    ("line", "redacted"),
    [
        ("Gone: /de/r/9aBcD/", "Gone: /de/r/…/"),
        ("Not Found: /en/r/9aBcD/files/12", "Not Found: /en/r/…/files/12"),
        ("Forbidden: /de/enter/x_y-z/", "Forbidden: /de/enter/…/"),
        ("GET /de/scans/", "GET /de/scans/"),
    ],
)
def test_a_log_line_holds_no_link(line: str, redacted: str) -> None:
    assert redact(line) == redacted


def test_arguments_of_a_log_line_are_redacted_too() -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.addFilter(Redact())
    logger = logging.getLogger("a logger of this test alone")
    logger.propagate = False
    logger.addHandler(handler)
    logger.warning("%s: %s", "Gone", "/de/r/9aBcD/")
    assert stream.getvalue() == "Gone: /de/r/…/\n"
