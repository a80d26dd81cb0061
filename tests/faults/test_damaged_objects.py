"""Objects that storage changed, mixed up or cut: nothing of them is shown, and the log tells."""

import os
from collections.abc import Callable, Iterable
from typing import Any

import pytest
import requests
from django.core.files.storage import storages
from django.test import Client

from audit.access import record_access
from audit.chain import SYSTEM
from audit.models import Entry
from audit.words import Action
from dermalia.sandbox.face import Capture
from dermalia.sandbox.isemeco import IsemecoStandIn
from dermalia.sandbox.resend import ResendStandIn
from dermalia.sealing import objects
from dermalia.sealing.chunks import CHUNK, HEADER, SEALED_CHUNK, SealBroken
from dermalia.sealing.keys import unlock
from dermalia.tenancy import practice_scope
from practices.domain.tenants import create_practice
from practices.models import Practice
from reports.models import Report
from scans.models import Asset
from tests.browser.conftest import serving
from tests.conftest import connect_to, discover, link_in_mail, release_at_once, report_of


def bucket() -> Any:
    return storages["objects"].bucket  # type: ignore[attr-defined]


def content_of(asset: Asset) -> bytes:
    body: bytes = bucket().Object(asset.object_name).get()["Body"].read()
    return body


def put(asset: Asset, content: bytes) -> None:
    bucket().put_object(Key=asset.object_name, Body=content)


@pytest.fixture
def practice(committed: None) -> Practice:
    made = create_practice(name="Demo practice", email="practice@example.org")
    release_at_once(made)
    return made


@pytest.fixture
def reports(
    practice: Practice, cluster: IsemecoStandIn, small_capture: Capture, mailbox: ResendStandIn
) -> list[tuple[Report, str]]:
    """Two reports of the same face, each with its link."""
    account = connect_to(cluster, practice)
    for _ in range(2):
        cluster.add_scan(small_capture, email="patient@example.org")
    made = [report_of(scan) for scan in discover(account)]
    return [(report, link_in_mail(report, mailbox)) for report in made]


def longer_model(report: Report) -> tuple[Asset, bytes]:
    """The report's model, made long enough for two of its chunks to be swapped; what it says."""
    with practice_scope(report.practice_id):
        key = unlock(report.scan.key_id, access=record_access(Action.SCAN_VIEWED, who=SYSTEM))
        Asset.objects.filter(scan=report.scan, kind=Asset.Kind.MODEL).update(bytes=3 * CHUNK)
        model = Asset.objects.get(scan=report.scan, kind=Asset.Kind.MODEL)
    plain = os.urandom(3 * CHUNK)
    objects.put(key, model.object_name, [plain], length=len(plain))
    return model, plain


def flip(content: bytes, _: bytes) -> bytes:
    at = HEADER.size + CHUNK // 2
    return content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]


def swap_chunks(content: bytes, _: bytes) -> bytes:
    first = slice(HEADER.size, HEADER.size + SEALED_CHUNK)
    second = slice(first.stop, first.stop + SEALED_CHUNK)
    return content[: first.start] + content[second] + content[first] + content[second.stop :]


def cut(content: bytes, _: bytes) -> bytes:
    return content[: HEADER.size + SEALED_CHUNK]


def take_the_other_s(_: bytes, other: bytes) -> bytes:
    return other


def take(pieces: Iterable[bytes], into: bytearray) -> None:
    for piece in pieces:
        into += piece


DAMAGES: list[Callable[[bytes, bytes], bytes]] = [flip, swap_chunks, cut, take_the_other_s]


def damaged(practice: Practice) -> list[tuple[str, object]]:
    with practice_scope(practice.pk):
        told = Entry.objects.filter(action=Action.OBJECT_DAMAGED).order_by("sequence")
        return list(told.values_list("actor", "object_id"))


@pytest.mark.parametrize("damage", DAMAGES)
def test_nothing_of_a_damaged_piece_is_sent_and_the_log_tells(
    client: Client,
    practice: Practice,
    reports: list[tuple[Report, str]],
    damage: Callable[[bytes, bytes], bytes],
    caplog: pytest.LogCaptureFixture,
) -> None:
    (report, link), (other, _) = reports
    file, plain = longer_model(report)
    put(file, damage(content_of(file), content_of(longer_model(other)[0])))
    assert client.post(link).status_code == 303
    answer = client.get(f"{link}files/{file.pk}")
    sent = bytearray()
    with pytest.raises(SealBroken):
        take(answer.streaming_content, sent)  # type: ignore[attr-defined]
    assert len(sent) < len(plain)
    assert sent == plain[: len(sent)]  # what came before the damage, or nothing
    assert damaged(practice) == [("system", file.pk)]
    assert str(file.pk) in caplog.text


@pytest.mark.processes
def test_a_browser_gets_an_error_instead_of_a_wrong_picture(
    practice: Practice, reports: list[tuple[Report, str]]
) -> None:
    report, link = reports[0]
    file, _ = longer_model(report)
    with serving() as origin, requests.Session() as browser:
        browser.post(f"{origin}{link}")
        sound = browser.get(f"{origin}{link}files/{file.pk}")
        assert (sound.status_code, len(sound.content)) == (200, file.bytes)
        put(file, flip(content_of(file), b""))
        broken = browser.get(f"{origin}{link}files/{file.pk}")
    assert broken.status_code == 500
    assert sound.content[:32] not in broken.content
    assert damaged(practice) == [("system", file.pk)]
