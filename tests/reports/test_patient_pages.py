"""What the holder of a link gets to see, and when."""

import json
import re
from datetime import date, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from audit.models import Entry
from audit.words import Action
from dermalia.sandbox.face import Capture
from dermalia.tenancy import practice_scope
from reports.models import Report
from reports.views.files import byte_range
from scans.models import Asset


def viewer_config(page: bytes) -> dict[str, object]:
    found = re.search(
        rb'id="viewer-config" type="application/json">(.*?)</script>', page, re.DOTALL
    )
    assert found is not None
    config: dict[str, object] = json.loads(found.group(1))
    return config


def test_the_gate_shows_the_practice_and_nothing_else(client: Client, link: str) -> None:
    answer = client.get(link)
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "Demo practice" in page
    for word in ("Testperson Ä", "viewer-config", "og:", "Haut", "skin", "Scan", "Wert", "files/"):
        assert word not in page


def test_looking_at_the_gate_changes_nothing(client: Client, link: str, report: Report) -> None:
    for _ in range(3):
        client.get(link)
        client.head(link)
    with practice_scope(report.practice_id):
        report.refresh_from_db()
        assert not Entry.objects.filter(action=Action.REPORT_OPENED).exists()
    assert report.opened_at is None


def test_pressing_the_button_opens_the_report(opened: Client, link: str, report: Report) -> None:
    answer = opened.get(link)
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "Testperson Ä" in page
    with practice_scope(report.practice_id):
        report.refresh_from_db()
        actions = set(Entry.objects.values_list("action", flat=True))
    assert report.opened_at is not None
    assert {Action.REPORT_OPENED, Action.REPORT_VIEWED} <= actions


def test_without_the_button_no_file_is_given(client: Client, link: str, report: Report) -> None:
    with practice_scope(report.practice_id):
        asset = Asset.objects.filter(kind="model").get()
    assert client.get(f"{link}files/{asset.pk}").status_code == 403


@pytest.mark.parametrize("method", ["get", "post", "head"])
def test_an_unknown_link_is_not_found(client: Client, db: None, method: str) -> None:
    assert getattr(client, method)(f"/de/r/{'x' * 25}/").status_code == 404


def test_every_address_in_the_page_is_of_our_own_origin(opened: Client, link: str) -> None:
    page = opened.get(link).content.decode()
    for address in re.findall(r'(?:src|href|url)="?:? ?"?([^"\s]+)"', page):
        assert address.startswith(("/", "#", "tel:", "mailto:")), address


def test_all_five_values_are_shown_as_the_device_gave_them(
    opened: Client, link: str, small_capture: Capture
) -> None:
    page = opened.get(link).content.decode()
    number = re.compile(r'data-value="(\w+)".*?class="value-number">([\d,]+)<', re.DOTALL)
    shown = dict(number.findall(page))
    given = {one.metric: one.value for one in small_capture.measurements if one.zone == "face"}
    assert len(given) == 5
    assert {key: float(text.replace(",", ".")) for key, text in shown.items()} == given


def test_the_page_speaks_both_languages(opened: Client, link: str) -> None:
    german = opened.get(link).content.decode()
    english = opened.get(link.replace("/de/", "/en/")).content.decode()
    assert '<html lang="de">' in german
    assert '<html lang="en">' in english
    assert "keine Diagnose" in german
    assert "no diagnosis" in english


@pytest.mark.parametrize("opened_before", [True, False])
def test_a_due_report_is_gone_though_no_worker_ran(
    client: Client, link: str, report: Report, opened_before: bool
) -> None:
    if opened_before:
        client.post(link)
    with practice_scope(report.practice_id):
        Report.objects.update(due_on=date.today())  # noqa: DTZ011 (the tests' clock is Berlin's)
        asset = Asset.objects.filter(kind="model").get()
    for answer in (client.get(link), client.post(link)):
        assert answer.status_code == 410
        assert "Testperson Ä" not in answer.content.decode()
    assert client.get(f"{link}files/{asset.pk}").status_code == 410


def test_the_day_before_it_is_due_it_is_still_there(
    client: Client, link: str, report: Report
) -> None:
    with practice_scope(report.practice_id):
        Report.objects.update(due_on=date.today() + timedelta(days=1))  # noqa: DTZ011
    assert client.get(link).status_code == 200


def test_pages_forbid_storing_indexing_and_passing_on(opened: Client, link: str) -> None:
    for path, referrer in ((link, "no-referrer"), (reverse("practices:sign_in"), "same-origin")):
        headers = opened.get(path).headers
        assert headers["Cache-Control"] == "no-store"
        assert headers["Referrer-Policy"] == referrer
        assert "noindex" in headers["X-Robots-Tag"]
        assert headers["X-Frame-Options"] == "DENY"
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert "unsafe-inline" not in headers["Content-Security-Policy"]


def test_the_one_cookie_is_short_lived_and_hidden_from_scripts(client: Client, link: str) -> None:
    assert not client.get(link).cookies
    cookies = client.post(link).cookies
    assert set(cookies) == {"report"}
    assert cookies["report"]["httponly"]
    assert cookies["report"]["max-age"] == 3600


def test_a_cookie_of_one_report_opens_no_other(opened: Client, link: str) -> None:
    assert "viewer-config" in opened.get(link).content.decode()
    opened.cookies["report"] = opened.cookies["report"].value + "x"
    assert "viewer-config" not in opened.get(link).content.decode()


def body(answer: object) -> bytes:
    return b"".join(answer.streaming_content)  # type: ignore[attr-defined]


def test_the_model_comes_whole_and_by_range(opened: Client, link: str) -> None:
    model = viewer_config(opened.get(link).content)["model"]
    assert isinstance(model, dict)
    whole = opened.get(model["url"])
    data = body(whole)
    assert (whole.status_code, len(data), data[:4]) == (200, model["bytes"], b"glTF")
    assert whole.headers["Content-Type"] == "model/gltf-binary"
    part = opened.get(model["url"], headers={"Range": "bytes=10-99"})
    assert (part.status_code, body(part)) == (206, data[10:100])
    assert part.headers["Content-Range"] == f"bytes 10-99/{len(data)}"
    beyond = opened.get(model["url"], headers={"Range": f"bytes={len(data)}-"})
    assert beyond.status_code == 416


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", (0, 100)),
        ("bytes=0-", (0, 100)),
        ("bytes=10-19", (10, 20)),
        ("bytes=10-1000", (10, 100)),
        ("bytes=-5", (95, 100)),
        ("bytes=-500", (0, 100)),
        ("bytes=-0", None),
        ("bytes=100-", None),
        ("bytes=20-10", None),
        ("bytes=-", (0, 100)),
        ("bytes=0-1,5-6", (0, 100)),
        ("lines=1-2", (0, 100)),
    ],
)
def test_ranges_follow_the_standard(header: str, expected: tuple[int, int] | None) -> None:
    assert byte_range(header, 100) == expected
