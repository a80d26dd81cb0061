"""Views and a task that fail while holding somebody's data.

The marks stand in messages, in exceptions' messages and causes, in addresses and in headers.
"""

import logging
from collections.abc import Iterator

from celery import shared_task
from django.db import DataError, connection
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import path

from dermalia.urls import urlpatterns as own
from tests.operations.marks import LINK, MAIL, NAME, NETWORK, PASSWORD, TOKEN

logger = logging.getLogger("reports.troubled")


class Wrapped(Exception):
    """Somebody else's exception: ``tests`` is none of our packages."""


def fail() -> None:
    try:
        raise ValueError(f"cannot encode {NAME} <{MAIL}>")
    except ValueError as error:
        raise Wrapped(f"{NAME}, password={PASSWORD}, /de/r/{LINK}/") from error


def failing(_request: HttpRequest) -> HttpResponse:
    fail()
    raise AssertionError


def logging_it(request: HttpRequest) -> HttpResponse:
    logger.warning("sent to %s with Bearer %s", MAIL, TOKEN)
    logger.warning("from %s by postgres://app:%s@db/dermalia", NETWORK, PASSWORD)
    try:
        fail()
    except Wrapped as error:
        logger.exception("it failed: %s", error)
    return HttpResponse(request.META.get("HTTP_X_REQUEST_ID", ""))


def in_database(_request: HttpRequest) -> HttpResponse:
    """Postgres quotes the value that it refuses."""
    with connection.cursor() as cursor:
        try:
            cursor.execute("SELECT %s::int", [NAME])
        except DataError:
            logger.exception("a value does not fit")
    return HttpResponse()


def broken_off(_request: HttpRequest) -> StreamingHttpResponse:
    """After the first byte only the web server is left to log what goes wrong."""

    def pieces() -> Iterator[bytes]:
        yield b"first"
        fail()

    return StreamingHttpResponse(pieces())


@shared_task(name="tests.troubled")
def troubled(*_: object) -> None:
    fail()


urlpatterns = [
    path("troubled/failing/", failing),
    path("troubled/logging/", logging_it),
    path("troubled/database/", in_database),
    path("troubled/r/<str:link>/", broken_off),
    *own,
]
