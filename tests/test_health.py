"""What a proxy or an orchestrator asks."""

from collections.abc import Callable

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from django.core.files.storage import storages
from django.db import OperationalError
from django.test import Client

from dermalia import health


def gone() -> None:
    raise OperationalError("connection to server at 10.0.0.7 failed")


def unmigrated() -> None:
    raise health.NotReady


def without_storage() -> None:
    raise EndpointConnectionError(endpoint_url="http://10.0.0.8")


def test_a_process_that_can_serve_is_ready(client: Client, db: None) -> None:
    answer = client.get("/health/ready")
    assert (answer.status_code, answer.content) == (200, b"ready\n")
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.parametrize("trouble", [gone, unmigrated, without_storage])
def test_what_is_wrong_is_not_told_to_whoever_asks(
    client: Client, monkeypatch: pytest.MonkeyPatch, trouble: Callable[[], None]
) -> None:
    monkeypatch.setattr(health, "CHECKS", (trouble,))
    answer = client.get("/health/ready")
    assert (answer.status_code, answer.content) == (503, b"not ready\n")


def test_it_lives_without_its_database(client: Client) -> None:
    # No fixture lets this test reach the database: asking it would fail.
    assert client.get("/health/live").content == b"alive\n"


def test_a_bucket_that_is_not_there_is_noticed(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storages["objects"], "bucket_name", "nobody-made-this")
    with pytest.raises(ClientError):
        health.storage_answers()
