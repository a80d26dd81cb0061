"""The stand-in of Resend, driven by the real SDK."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import resend
from resend.exceptions import (
    InvalidApiKeyError,
    MissingRequiredFieldsError,
    RateLimitError,
    ResendError,
    ValidationError,
)

from dermalia.sandbox.resend import ResendStandIn
from dermalia.sandbox.resend.emails import ApiError, IdempotencyKeys
from tests.sandbox.calls import post
from tests.sandbox.mailing import KEY, LINK, refused, send, use


def test_a_mail_is_accepted_and_kept(provider: ResendStandIn) -> None:
    mail_id = send("key-1", reply_to="praxis@example.org", headers={"X-Entity-Ref-ID": "7"})
    (mail,) = provider.mails
    assert mail.id == mail_id
    assert mail.sender == "Praxis Demo <report@example.org>"
    assert mail.to == ("patient@example.org",)
    assert mail.reply_to == ("praxis@example.org",)
    assert mail.headers == {"X-Entity-Ref-ID": "7"}
    assert mail.links == (LINK, "https://report.example/r/x?a=1&b=2")
    assert mail.idempotency_key == "key-1"


def test_a_mail_can_be_looked_up(provider: ResendStandIn) -> None:
    mail = resend.Emails.get(send())
    assert mail["last_event"] == "delivered"
    assert mail["subject"] == "Ihr Bericht"
    with pytest.raises(ResendError) as missing:
        resend.Emails.get("unknown")
    assert missing.value.code == 404


@pytest.mark.parametrize("event", ["bounced", "complained", "suppressed", "delivered"])
def test_the_providers_test_addresses_end_as_they_should(
    provider: ResendStandIn, event: str
) -> None:
    assert resend.Emails.get(send(to=f"{event}+label@resend.dev"))["last_event"] == event


# Sending once


def test_the_same_key_and_body_send_once(provider: ResendStandIn) -> None:
    assert send("key") == send("key")
    assert len(provider.mails) == 1


def test_without_a_key_every_request_sends(provider: ResendStandIn) -> None:
    assert send() != send()
    assert len(provider.mails) == 2


def test_the_same_key_with_another_body_conflicts(provider: ResendStandIn) -> None:
    send("key")
    error = refused(key="key", subject="Other")
    assert (error.code, error.error_type) == (409, "invalid_idempotent_request")
    assert len(provider.mails) == 1


def test_many_at_once_with_one_key_send_once(provider: ResendStandIn) -> None:
    def attempt(_: int) -> str:
        try:
            return send("key")
        except ResendError as error:
            return error.error_type

    with ThreadPoolExecutor(8) as pool:
        outcomes = set(pool.map(attempt, range(24)))
    assert len(provider.mails) == 1
    assert outcomes <= {provider.mails[0].id, "concurrent_idempotent_requests"}


def test_a_key_in_use_is_refused_until_its_request_is_done() -> None:
    keys, begun, finish = IdempotencyKeys(), threading.Event(), threading.Event()

    def slow() -> str:
        begun.set()
        assert finish.wait(5)
        return "mail-1"

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(keys.once, "key", {}, slow)
        assert begun.wait(5)
        with pytest.raises(ApiError) as refusal:
            keys.once("key", {}, lambda: "mail-2")
        finish.set()
        assert first.result(5) == "mail-1"
    assert refusal.value.name == "concurrent_idempotent_requests"
    assert keys.once("key", {}, lambda: "mail-3") == "mail-1"


def test_a_key_is_forgotten_after_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    with ResendStandIn(api_key=KEY, key_seconds=0.05) as provider:
        use(provider, monkeypatch)
        first = send("key")
        time.sleep(0.1)
        assert send("key") != first
        assert len(provider.mails) == 2


def test_an_error_does_not_use_up_a_key(provider: ResendStandIn) -> None:
    refused(key="key", to="nobody")
    send("key")
    assert len(provider.mails) == 1


@pytest.mark.parametrize("key", ["", "k" * 257])
def test_a_key_of_the_wrong_length_is_refused(provider: ResendStandIn, key: str) -> None:
    error = refused(key=key)
    assert (error.code, error.error_type) == (400, "invalid_idempotency_key")


# Refusals


@pytest.mark.parametrize("field", ["from", "to", "subject"])
def test_a_missing_field_is_named(provider: ResendStandIn, field: str) -> None:
    error = refused(MissingRequiredFieldsError, **{field: None})
    assert f"`{field}`" in error.message
    assert error.code == 422


def test_a_mail_needs_a_text(provider: ResendStandIn) -> None:
    refused(MissingRequiredFieldsError, text=None, html=None)


@pytest.mark.parametrize(
    "wrong",
    [
        {"to": "nobody"},
        {"to": ["a@example.org", "b@"]},
        {"to": [f"{n}@example.org" for n in range(51)]},
        {"to": "a@example.org\nBcc: b@example.org"},
        {"cc": "nobody"},
        {"subject": "One\nBcc: b@example.org"},
        {"text": 5},
        {"headers": ["x"]},
    ],
)
def test_an_invalid_field_is_refused(provider: ResendStandIn, wrong: dict[str, Any]) -> None:
    assert refused(ValidationError, **wrong).code == 422
    assert provider.mails == ()


def test_an_invalid_sender_is_refused(provider: ResendStandIn) -> None:
    wrong: Any = {"from": "Praxis"}
    assert refused(**wrong).error_type == "invalid_from_address"


def test_a_wrong_api_key_is_refused(
    provider: ResendStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resend, "api_key", "re_wrong")
    refused(InvalidApiKeyError)
    assert post(f"{provider.url}/emails", json={}).status_code == 401
    assert provider.mails == ()


# Faults


def test_too_many_requests_name_a_pause(provider: ResendStandIn) -> None:
    provider.faults.arm("busy", amount=7)
    error = refused(RateLimitError)
    assert error.headers["retry-after"] == "7"
    send()


def test_a_rate_limit_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    with ResendStandIn(api_key=KEY, rate_limit=2) as provider:
        use(provider, monkeypatch)
        send(), send()
        assert refused(RateLimitError).headers["retry-after"] == "1"
        time.sleep(1)
        send()
        assert len(provider.mails) == 3


def test_a_gateway_answers_in_html(provider: ResendStandIn) -> None:
    provider.faults.arm("gateway")
    error = refused()
    assert (error.code, error.error_type) == (502, "application_error")
    assert provider.mails == ()


def test_a_server_error_sends_nothing(provider: ResendStandIn) -> None:
    provider.faults.arm("status")
    assert refused(key="key").code == 500
    assert provider.mails == ()
    send("key")


@pytest.mark.parametrize(("kind", "sent"), [("drop", 0), ("drop_after", 1), ("cut", 1)])
def test_a_dropped_connection_leaves_the_outcome_open_and_a_retry_sends_once(
    provider: ResendStandIn, kind: str, sent: int
) -> None:
    provider.faults.arm(kind, on="send", amount=3)
    error = refused(key="key")
    assert (error.code, error.error_type) == (500, "HttpClientError")
    assert len(provider.mails) == sent
    assert send("key") == provider.mails[0].id
    assert len(provider.mails) == 1


def test_a_request_still_running_conflicts(provider: ResendStandIn) -> None:
    provider.faults.arm("concurrent")
    error = refused(key="key")
    assert (error.code, error.error_type) == (409, "concurrent_idempotent_requests")
