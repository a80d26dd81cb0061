"""What the service tells: believed when signed, once, and whatever the order."""

import json
import threading
import time
from datetime import timedelta
from itertools import permutations
from typing import Any
from uuid import uuid4

import pytest
from django.db import connections
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from dermalia.sandbox.resend.hook import signed
from dermalia.tenancy import practice_scope
from practices.domain.tenants import create_practice
from practices.models import Practice
from reports.domain.staff_mail import forget_receipts
from reports.domain.webhooks import News, take_in
from reports.mail.models import Fate, StaffMail, WebhookReceipt
from reports.mail.provider import Answer
from reports.views import hooks
from tests.mail.conftest import fresh, queued

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ADDRESS = "/hooks/resend/"


@pytest.fixture(autouse=True)
def listening(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.RESEND_WEBHOOK_SECRET = SECRET
    monkeypatch.setattr(hooks, "refusals", hooks.Refusals())


def event(mail: StaffMail, kind: str, **data: Any) -> dict[str, Any]:
    tags = {"mail": str(mail.pk), "practice": str(mail.practice_id), "kind": "staff"}
    return {
        "type": f"email.{kind}",
        "created_at": "2026-01-01T00:00:00Z",
        "data": {"email_id": "re_1", "tags": tags, **data},
    }


def told(content: Any, *, secret: str = SECRET, **options: Any) -> int:
    message = signed(content, secret=secret, **options)
    return post(message.body, message.headers)


def post(body: bytes, headers: Any, address: str = "127.0.0.1") -> int:
    client = Client(enforce_csrf_checks=True, REMOTE_ADDR=address)
    answer = client.generic(
        "POST", ADDRESS, body, content_type="application/json", headers=dict(headers)
    )
    return answer.status_code


def test_a_signed_message_moves_the_mail(mail: StaffMail) -> None:
    assert told(event(mail, "delivered")) == 204
    delivered = fresh(mail)
    assert delivered.state == Fate.DELIVERED
    assert delivered.provider_id == "re_1"
    assert delivered.settled_at is not None
    assert delivered.message is None


def test_news_of_a_mail_whose_answer_was_lost_settle_it(mail: StaffMail) -> None:
    with practice_scope(mail.practice_id):
        StaffMail.objects.update(state=Fate.UNKNOWN, last_error="It is not known.")
    told(event(mail, "sent"))
    assert fresh(mail).state == Fate.SENT
    assert fresh(mail).last_error == ""


COURSE = ("sent", "delivery_delayed", "delivered", "complained")


def test_any_order_ends_the_same(practice: Practice) -> None:
    for order in permutations(COURSE):
        mail = queued(practice)
        for kind in order:
            assert told(event(mail, kind)) == 204
        assert fresh(mail).state == Fate.COMPLAINED, order


def test_a_late_delivered_does_not_undo_a_bounce(mail: StaffMail) -> None:
    told(event(mail, "bounced", bounce={"type": "Permanent", "subType": "General"}))
    told(event(mail, "delivered"))
    assert fresh(mail).state == Fate.BOUNCED


def test_the_same_message_twice_is_one(mail: StaffMail) -> None:
    for _ in range(2):
        assert told(event(mail, "sent"), message_id="msg_1") == 204
    assert WebhookReceipt.objects.count() == 1
    # The same id with other news is a replay, whatever it says.
    told(event(mail, "complained"), message_id="msg_1")
    assert fresh(mail).state == Fate.SENT


@pytest.mark.usefixtures("committed")
def test_the_same_message_at_the_same_moment_is_taken_in_once() -> None:
    mail = queued(create_practice(name="Demo practice", email="practice@example.org"))
    answer = Answer(Fate.SENT)
    message = News("msg_1", StaffMail, mail.practice_id, mail.pk, "re_1", answer)
    taken: list[bool] = []

    def take() -> None:
        taken.append(take_in(message))
        connections.close_all()

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == [False, False, False, True]


def test_an_old_event_in_a_fresh_message_counts(mail: StaffMail) -> None:
    late = event(mail, "delivered") | {"created_at": "2020-01-01T00:00:00Z"}
    assert told(late) == 204
    assert fresh(mail).state == Fate.DELIVERED


@pytest.mark.parametrize("seconds", [-301, -36 * 3600, 302])
def test_a_message_of_another_time_is_refused(mail: StaffMail, seconds: int) -> None:
    assert told(event(mail, "delivered"), at=time.time() + seconds) == 401
    assert fresh(mail).state == Fate.QUEUED


def test_a_forged_signature_is_refused(mail: StaffMail) -> None:
    assert told(event(mail, "delivered"), secret="whsec_AAAA") == 401
    message = signed(event(mail, "delivered"), secret=SECRET)
    assert post(message.body + b" ", message.headers) == 401
    respelt = json.dumps(json.loads(message.body), indent=1).encode()
    assert post(respelt, message.headers) == 401
    for missing in ("svix-id", "svix-timestamp", "svix-signature"):
        rest = {name: value for name, value in message.headers.items() if name != missing}
        assert post(message.body, rest) == 401
    other = dict(message.headers) | {"svix-id": "msg_other"}
    assert post(message.body, other) == 401
    assert fresh(mail).state == Fate.QUEUED


def test_without_a_secret_nobody_is_believed(mail: StaffMail, settings: Settings) -> None:
    settings.RESEND_WEBHOOK_SECRET = ""
    assert told(event(mail, "delivered")) == 401


def test_a_huge_message_is_not_read(mail: StaffMail) -> None:
    assert told(event(mail, "delivered", padding="x" * 70_000)) == 413


def test_whoever_is_refused_often_is_heard_no_more_but_the_service_is(mail: StaffMail) -> None:
    for _ in range(hooks.REFUSALS):
        assert post(b"{}", {}) == 401
    assert post(b"{}", {}) == 429
    message = signed(event(mail, "delivered"), secret=SECRET)
    assert post(message.body, message.headers, "203.0.113.9") == 204


def test_a_get_is_not_for_this_address(db: None) -> None:
    assert Client().get(ADDRESS).status_code == 405


@pytest.mark.parametrize("kind", ["opened", "clicked"])
def test_opening_and_clicking_are_not_noted(mail: StaffMail, kind: str) -> None:
    assert told(event(mail, kind)) == 204
    assert fresh(mail).state == Fate.QUEUED
    assert WebhookReceipt.objects.count() == 0


STRANGE_TAGS: list[Any] = [
    None,
    {},
    [],
    "mail",
    {"mail": "no id", "practice": "1", "kind": "staff"},
    {"mail": str(uuid4()), "practice": "-1", "kind": "staff"},
    {"mail": str(uuid4()), "practice": "999999", "kind": "staff"},
    {"mail": str(uuid4()), "practice": "1", "kind": "scan"},
]


def test_news_of_what_is_not_ours_are_taken_without_a_word(practice: Practice) -> None:
    for tags in STRANGE_TAGS:
        content = {"type": "email.delivered", "data": {"email_id": "x", "tags": tags}}
        assert told(content) == 204, tags


def test_a_signed_message_of_any_form_breaks_nothing(db: None) -> None:
    nothing: list[Any] = [[], "text", 1, None]
    for content in nothing:
        assert told(content) == 401, content
    half: list[Any] = [{}, {"type": 1}, {"type": "email.sent"}, {"type": "email.sent", "data": []}]
    for content in half:
        assert told(content) == 204, content


def test_tags_as_a_list_are_understood(mail: StaffMail) -> None:
    content = event(mail, "delivered")
    tags = content["data"]["tags"]
    content["data"]["tags"] = [{"name": name, "value": value} for name, value in tags.items()]
    told(content)
    assert fresh(mail).state == Fate.DELIVERED


def test_another_practice_s_mail_is_out_of_reach(mail: StaffMail, other_practice: Practice) -> None:
    content = event(mail, "delivered")
    content["data"]["tags"]["practice"] = str(other_practice.pk)
    assert told(content) == 204
    assert fresh(mail).state == Fate.QUEUED


def test_receipts_are_kept_as_long_as_the_service_repeats_itself(mail: StaffMail) -> None:
    told(event(mail, "sent"), message_id="msg_old")
    told(event(mail, "delivered"), message_id="msg_new")
    WebhookReceipt.objects.filter(pk="msg_old").update(
        received_at=timezone.now() - timedelta(days=8)
    )
    assert forget_receipts() == 1
    assert list(WebhookReceipt.objects.values_list("pk", flat=True)) == ["msg_new"]
