"""What becomes of a connection that was refused: a line, a count and somebody who is told."""

import logging
import socket
import threading
from collections import Counter

import pytest
import requests

from dermalia.residency import refusals
from dermalia.residency.refusals import ConnectionNotAdmitted
from tests.residency.outward import is_refused

NOBODY = "192.0.2.1"  # for documentation: leads nowhere


def test_a_refusal_is_counted_and_written_down_without_a_path_or_a_person(
    caplog: pytest.LogCaptureFixture,
) -> None:
    before = refusals.refused().get("counted.example.com", 0)
    with caplog.at_level(logging.ERROR), pytest.raises(requests.ConnectionError):
        requests.get("https://somebody:secret@counted.example.com/r/token?of=patient", timeout=1)
    assert refusals.refused()["counted.example.com"] == before + 1
    assert "counted.example.com" in caplog.text
    assert not any(word in caplog.text for word in ("somebody", "secret", "token", "patient"))


def test_a_name_in_the_log_keeps_to_its_line(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(ConnectionNotAdmitted):
        refusals.refuse("a.example\nERROR forged" + "x" * 500)
    assert "\nERROR forged" not in caplog.records[-1].getMessage()
    assert len(caplog.records[-1].getMessage()) < 400


def test_many_destinations_are_counted_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refusals, "_counted", Counter())
    monkeypatch.setattr(refusals, "_untold", Counter())
    for number in range(refusals._NAMES + 5):
        with pytest.raises(ConnectionNotAdmitted):
            refusals.refuse(f"{number}.example.com")
    assert len(refusals.refused()) == refusals._NAMES + 1
    assert refusals.refused()[refusals.ELSEWHERE] == 5


def test_a_log_that_wants_to_connect_is_refused_once() -> None:
    class Connecting(logging.Handler):
        def emit(self, _record: logging.LogRecord) -> None:
            with pytest.raises(ConnectionNotAdmitted):
                socket.create_connection((NOBODY, 514), 1)

    handler = Connecting()
    refusals.logger.addHandler(handler)
    try:
        assert is_refused(lambda: socket.create_connection((NOBODY, 80), 1))
    finally:
        refusals.logger.removeHandler(handler)


def test_one_teller_hears_of_everything_and_survives_a_fault(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told: list[dict[str, int]] = []
    heard = threading.Event()

    def teller(news: object) -> None:
        if not told:
            told.append({})
            raise RuntimeError("the database is away")
        told.append(dict(news))  # type: ignore[call-overload]
        heard.set()

    monkeypatch.setattr(refusals, "_untold", Counter())
    monkeypatch.setattr(refusals, "ALARM_SECONDS", 0.05)
    refusals.tell_by(teller)
    try:
        for _ in range(3):
            with pytest.raises(ConnectionNotAdmitted):
                refusals.refuse("told.example.com")
        assert heard.wait(5)
    finally:
        refusals.tell_by(None)
    assert sum(news.get("told.example.com", 0) for news in told) == 3
