"""What a log line may hold, record by record."""

import io
import json
import logging
import sys
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from gunicorn import glogging
from gunicorn.config import Config
from pytest_django import Settings

from dermalia import redact
from dermalia.operations import secrets
from dermalia.operations.logs import JsonLine, Redact, TextLine, context, wants_json
from dermalia.operations.logs.everywhere import unfiltered
from dermalia.operations.logs.gunicorn import Logger
from dermalia.operations.logs.tracebacks import describe
from scans.errors import SourceError
from tests.operations.marks import MAIL, MARKS, NAME, TOKEN


class Written:
    """A logger of a test's own, with the application's filter and lines."""

    def __init__(self, formatter: logging.Formatter) -> None:
        self._stream = io.StringIO()
        handler = logging.StreamHandler(self._stream)
        handler.addFilter(Redact())
        handler.setFormatter(formatter)
        self.logger = logging.getLogger(f"a test's {uuid.uuid4()}")
        self.logger.propagate = False
        self.logger.addHandler(handler)

    @property
    def text(self) -> str:
        return self._stream.getvalue()

    @property
    def line(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.text.splitlines()[-1])
        return found


@pytest.fixture
def written() -> Written:
    return Written(JsonLine())


@pytest.fixture(autouse=True)
def nothing_is_going_on() -> Iterator[None]:
    context.clear()
    yield
    context.clear()


@pytest.mark.parametrize(
    ("line", "redacted"),
    [
        (f"sent to {MAIL}.", "sent to …."),
        ("postgres://app:hush@db/dermalia", "postgres://…@db/dermalia"),
        ("Authorization: Bearer abcdefgh12", "Authorization: … …"),
        ("password='x y'", "password='… y'"),
        ('{"token": "abc"}', '{"token": "…"}'),
        ("from 203.0.113.9 at 13:44:09", "from … at 13:44:09"),
        ("from 2001:db8::7, port 80", "from …, port 80"),
        ("127.0.0.1:5432 and ::1 refused", "127.0.0.1:5432 and ::1 refused"),
        ("dermalia::work has 3 rows", "dermalia::work has 3 rows"),
    ],
)
def test_what_has_the_form_of_an_address_or_a_secret_is_hidden(line: str, redacted: str) -> None:
    assert redact.redact(line) == redacted


def test_no_line_holds_a_secret_of_the_settings(written: Written) -> None:
    found = set(secrets.of_settings())
    assert {settings.SECRET_KEY, settings.LINK_PEPPER, settings.S3_SECRET_KEY} <= found
    for secret in found:
        written.logger.error("the value %s was wrong", secret)
    assert not [secret for secret in found if len(secret) >= 8 and secret in written.text]
    assert written.text


def test_passwords_of_urls_are_secrets_too(settings: Settings) -> None:
    settings.CELERY_BROKER_URL = "rediss://:pass%2Fword@redis.internal:6379/0"
    assert {"pass%2Fword", "pass/word"} <= set(secrets.of_settings())


def test_a_line_is_one_json_object_with_its_time_in_utc(written: Written) -> None:
    written.logger.warning("two\nlines")
    assert written.text.count("\n") == 1
    line = written.line
    assert line["message"] == "two\nlines"
    assert line["time"].endswith("Z")
    assert line.keys() == {"time", "level", "logger", "message", "pid"}


def test_an_exception_is_told_by_its_class_and_place_and_not_by_its_words(
    written: Written,
) -> None:
    try:
        try:
            raise KeyError(NAME)
        except KeyError as error:
            raise RuntimeError(f"for {NAME}") from error
    except RuntimeError as error:
        written.logger.exception("it failed: %s", error)
    line = written.line
    assert line["message"] == "it failed: RuntimeError"
    assert NAME not in written.text
    told = line["exception"].splitlines()
    assert [each for each in told if not each.startswith((" ", "Trace"))] == [
        "KeyError",
        "",
        "RuntimeError",
    ]
    assert f'"{__file__}", line' in line["exception"]


def test_our_own_exceptions_may_speak_for_they_say_nothing_about_anybody() -> None:
    assert describe(SourceError("The file is too large.")).endswith("The file is too large.")


def test_what_has_no_message_of_its_own_is_told_by_its_code(db: None, written: Written) -> None:
    from django.db import DataError, connection, transaction

    with pytest.raises(DataError) as found, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT %s::int", [NAME])
    assert describe(found.value) == "django.db.utils.DataError (sqlstate 22P02)"
    assert describe(FileNotFoundError(2, "No such file", NAME)) == "FileNotFoundError (errno 2)"


def test_an_exception_in_several_parts_tells_of_each(written: Written) -> None:
    group = ExceptionGroup(NAME, [ValueError(NAME), OSError(28, NAME)])
    written.logger.error("parts", exc_info=group)
    assert "ValueError\n  | OSError (errno 28)" in written.line["exception"]
    assert NAME not in written.text


def test_a_chain_that_bites_its_tail_comes_to_an_end(written: Written) -> None:
    first, second = ValueError(), KeyError()
    first.__cause__, second.__cause__ = second, first
    written.logger.error("round", exc_info=first)
    assert written.line["exception"].count("ValueError") == 1


def test_a_line_carries_the_request_or_the_task_it_is_about(written: Written) -> None:
    context.enter_request("abcdef0123456789")
    written.logger.warning("one")
    assert written.line["request"] == "abcdef0123456789"
    row = uuid.uuid4()
    context.enter_task("scans.tasks.pull", "t1", (7, str(row), NAME))
    written.logger.warning("two")
    line = written.line
    assert (line["task"], line["task_id"], line["practice"], line["row"]) == (
        "scans.tasks.pull", "t1", 7, str(row)
    )  # fmt: skip
    assert "request" not in line
    assert NAME not in written.text


def test_what_is_no_id_is_not_taken_for_one() -> None:
    context.enter_task("some.task", "t1", (7, NAME))
    assert "row" not in context.now()
    context.enter_task("some.task", "t1", (NAME,))
    assert context.now() == {"task": "some.task", "task_id": "t1"}


def test_celerys_words_on_a_failed_task_lose_what_it_raised(written: Written) -> None:
    told = {"id": "t1", "name": "scans.tasks.pull", "exc": f"ValueError('{NAME}')",
            "traceback": NAME, "args": f"({NAME!r},)", "kwargs": "{}"}  # fmt: skip
    written.logger.error("Task %(name)s[%(id)s] raised: %(exc)s", told, extra={"data": told})
    line = written.line
    assert line["message"] == "Task scans.tasks.pull[t1] raised: ValueError"
    assert (line["task"], line["task_id"]) == ("scans.tasks.pull", "t1")
    assert NAME not in written.text


def test_two_handlers_write_the_same(written: Written) -> None:
    other = Written(TextLine())
    written.logger.addHandler(other.logger.handlers[0])
    try:
        raise ValueError(NAME)
    except ValueError:
        written.logger.exception("to %s", MAIL)
    assert "ValueError" in written.line["exception"]
    assert "to …\nTraceback" in other.text
    assert NAME not in other.text


def test_a_broken_message_is_still_a_line(written: Written) -> None:
    written.logger.error("%d rows", NAME)
    assert written.line["message"] == "%d rows"


def test_a_handler_without_the_filter_is_named() -> None:
    before = set(unfiltered())
    logger = logging.getLogger("some.library")
    handler = logging.StreamHandler()
    logger.addHandler(handler)
    try:
        assert set(unfiltered()) - before == {"some.library"}
        handler.addFilter(Redact())
        assert set(unfiltered()) == before
    finally:
        logger.removeHandler(handler)


def test_lines_are_json_where_nobody_reads_along(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: False, raising=False)
    assert wants_json()
    assert not wants_json("text")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    assert not wants_json()
    assert wants_json("json")
    with pytest.raises(ValueError, match="json or text"):
        wants_json("xml")


@pytest.mark.parametrize(
    ("given", "proxies", "taken"),
    [
        ("a1b2c3d4e5f6", 1, True),
        ("a1b2c3d4e5f6", 0, False),
        ("short", 1, False),
        ("x" * 65, 1, False),
        (f"{MAIL}-1234", 1, False),
        ("a1b2c3d4\te5f6", 1, False),
    ],
)
def test_a_request_keeps_its_proxys_id_if_that_is_one(
    client: Client, settings: Settings, given: str, proxies: int, taken: bool
) -> None:
    settings.PROXIES = proxies
    answer = client.get("/health/live", headers={"X-Request-ID": given})
    assert (answer["X-Request-ID"] == given) is taken
    assert context.WELL_FORMED.fullmatch(answer["X-Request-ID"])


def test_the_web_servers_words_on_a_request_lose_its_address() -> None:
    plain, stream = glogging.Logger(Config()), io.StringIO()  # takes over the loggers it names
    ours = Logger(Config())
    try:
        for handler in ours.error_log.handlers:
            assert isinstance(handler, logging.StreamHandler)
            handler.setStream(stream)
        ours.exception("Error handling request %s", f"/?name={NAME}")
        ours.warning(f"Invalid request from ip=203.0.113.9: {NAME}")
        ours.warning("Worker was sent %s", "SIGKILL")
    finally:
        for log in (plain.error_log, plain.access_log):
            log.handlers.clear()
            log.propagate = True
    text = stream.getvalue()
    assert NAME not in text
    assert [json.loads(line)["message"] for line in text.splitlines()] == [
        "Error handling request",
        "Invalid request",
        "Worker was sent SIGKILL",
    ]


def test_marks_would_be_found_without_the_filter() -> None:
    plain = Written(logging.Formatter())
    plain.logger.handlers[0].filters.clear()
    for mark in MARKS:
        plain.logger.warning("%s", mark)
    assert all(mark in plain.text for mark in MARKS)
    assert TOKEN in plain.text
