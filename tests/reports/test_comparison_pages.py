"""Two reports beside each other for the holder of a link: the page and its pictures."""

import io
import json
import re
from collections.abc import Iterator
from datetime import timedelta
from html import unescape
from uuid import UUID, uuid4

import pytest
from django.test import Client
from django.utils import timezone
from PIL import Image

from audit.models import Entry
from audit.words import Action
from dermalia.sandbox.face import Capture
from dermalia.sandbox.isemeco import IsemecoStandIn
from dermalia.sandbox.resend import ResendStandIn
from dermalia.tenancy import practice_scope
from practices.models import Practice
from reports.models import Report, Tally, Visit
from scans.metrics import Metric
from scans.models import Asset, Connection, Scan
from tests.conftest import link_in_mail
from tests.frontend.words import RULES
from tests.reports.conftest import AFTER, add_report, linked

Two = tuple[Report, Report]
EXEMPT = {
    "de": "Sie enthält keine Diagnose und keine Behandlungsempfehlung",
    "en": "It contains no diagnosis and no treatment recommendation",
}
PICTURE = re.compile(r'<img[^>]* src="([^"]+)"')


@pytest.fixture
def link(followups: Two, mailbox: ResendStandIn) -> str:
    """Of the newer report."""
    return link_in_mail(followups[1], mailbox)


@pytest.fixture
def opened(client: Client, link: str) -> Client:
    """A browser that pressed the newer report's button."""
    client.post(link)
    return client


def page_of(client: Client, address: str, status: int = 200) -> str:
    answer = client.get(address)
    assert answer.status_code == status
    return answer.content.decode()


def text_of(page: str) -> str:
    spoken = " ".join(re.findall(r'\s(?:alt|aria-label|data-say[\w-]*)="([^"]*)"', page))
    shown = re.sub(r"<script.*?</script>|<[^>]+>", " ", page, flags=re.DOTALL)
    return re.sub(r"\s+", " ", unescape(f"{shown} {spoken}"))


def pictures(page: str) -> list[str]:
    return [unescape(url) for url in PICTURE.findall(page)]


def models(page: str) -> list[dict[str, object]]:
    found = re.search(r'id="compare-models" type="application/json">(.*?)</script>', page)
    assert found is not None
    config: list[dict[str, object]] = json.loads(found.group(1))
    return config


def looks(practice_id: int, action: Action) -> list[object]:
    with practice_scope(practice_id):
        return list(
            Entry.objects.filter(action=action)
            .order_by("sequence")
            .values_list("object_id", flat=True)
        )


def change_scan(report: Report, **columns: object) -> None:
    with practice_scope(report.practice_id):
        Scan.objects.filter(pk=report.scan_id).update(**columns)


@pytest.mark.parametrize("language", ["de", "en"])
def test_the_page_shows_both_captures_and_judges_nothing(
    opened: Client, link: str, language: str
) -> None:
    page = page_of(opened, f"{link}compare/".replace("/de/", f"/{language}/"))
    text = text_of(page)
    names = {
        "de": ("Aufnahme 1", "3. Januar 2026", "I ZR 170/24"),
        "en": ("Capture 2", "3 January 2026", "HWG"),
    }
    for words in names[language]:
        assert words in text
    assert page.count("data-difference") == len(Metric)
    assert re.fullmatch(r"[+−]?\d+[.,]\d", re.search(r"data-difference>([^<]+)<", page)[1])  # type: ignore[index]
    assert EXEMPT[language] in text
    assert RULES[language].findall(text.replace(EXEMPT[language], "")) == []
    for judging in ("↑", "↓", "▲", "▼", "→", "%"):
        assert judging not in text


def test_nobody_compares_without_having_opened_the_link(client: Client, link: str) -> None:
    answer = client.get(f"{link}compare/")
    assert (answer.status_code, answer.headers["Location"]) == (302, link)
    another = f"{link[:-2]}{'y' if link[-2] == 'x' else 'x'}/"
    assert client.get(f"{another}compare/").status_code == 404


def test_a_look_is_entered_for_both_reports_and_once_in_the_access_log(
    opened: Client, link: str, followups: Two
) -> None:
    practice_id = followups[0].practice_id
    page = page_of(opened, f"{link}compare/")
    assert looks(practice_id, Action.REPORT_VIEWED) == [report.pk for report in followups]
    with practice_scope(practice_id):
        assert list(Visit.objects.values_list("report", flat=True)) == [followups[1].pk]
    for url in pictures(page):
        assert opened.get(url).status_code == 200
    assert looks(practice_id, Action.FILE_VIEWED) == []


def test_every_picture_is_marked_and_of_both_captures(
    opened: Client, link: str, followups: Two
) -> None:
    urls = set(pictures(page_of(opened, f"{link}compare/")))
    assert len(urls) == 10
    for url in urls:
        answer = opened.get(url)
        assert answer.headers["Content-Type"] == "image/webp"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        picture = Image.open(io.BytesIO(answer.content))
        assert "consultation-and-record-only" in picture.info["xmp"].decode()
        assert sum(picture.convert("RGB").getpixel((3, picture.height - 3))) < 130  # type: ignore[arg-type]
    with practice_scope(followups[0].practice_id):
        plain = [str(pk) for pk in Asset.objects.filter(kind="still").values_list("pk", flat=True)]
    assert {url.split("?")[0].rsplit("/", 1)[1] for url in urls} <= set(plain)


def test_the_model_comes_whole_and_by_range_and_is_counted(
    opened: Client, link: str, practice: Practice
) -> None:
    practice.counts_use = True
    practice.save()
    for model in models(page_of(opened, f"{link}compare/")):
        url = str(model["url"])
        assert len(b"".join(opened.get(url))) == model["bytes"]
        assert opened.get(url, headers={"Range": "bytes=0-3"}).status_code == 206
    with practice_scope(practice.pk):
        assert Tally.objects.get(what=Tally.What.MODEL).number == 4


def other_files(report: Report) -> Iterator[UUID]:
    with practice_scope(report.practice_id):
        yield from Asset.objects.filter(scan=report.scan_id, origin="raw").values_list(
            "pk", flat=True
        )
        layers = Asset.objects.filter(scan=report.scan_id, origin="derived")
        yield from layers.exclude(kind__in=["still", "model"]).values_list("pk", flat=True)
        yield from layers.exclude(metric="").values_list("pk", flat=True)


def test_nothing_but_marked_stills_and_models_comes_this_way(
    opened: Client, link: str, followups: Two
) -> None:
    files = [*other_files(followups[0]), *other_files(followups[1]), uuid4()]
    assert len(files) > 10
    assert {opened.get(f"{link}compare/{file}").status_code for file in files} == {404}


def test_files_of_reports_outside_the_pair_stay_closed(
    opened: Client,
    link: str,
    account: Connection,
    cluster: IsemecoStandIn,
    small_capture: Capture,
) -> None:
    stranger = add_report(account, cluster, small_capture, AFTER)
    with practice_scope(stranger.practice_id):
        still = Asset.objects.filter(scan=stranger.scan_id, view="front", metric="").first()
    assert still is not None
    for query in ("", f"?first={stranger.pk}&second={stranger.pk}", "?first=x&second="):
        assert opened.get(f"{link}compare/{still.pk}{query}").status_code == 404


def test_a_restricted_report_leaves_the_comparison_at_once(
    opened: Client, link: str, followups: Two
) -> None:
    url = pictures(page_of(opened, f"{link}compare/"))[0]
    with practice_scope(followups[0].practice_id):
        Report.objects.filter(pk=followups[0].pk).update(restricted_at=timezone.now())
    assert opened.get(url).status_code == 404
    page = page_of(opened, f"{link}compare/")
    assert "Zurzeit gibt es keine andere Aufnahme" in page
    assert pictures(page) == []


def test_a_report_that_is_gone_compares_with_nothing(
    opened: Client, link: str, followups: Two
) -> None:
    url = pictures(page_of(opened, f"{link}compare/"))[0]
    with practice_scope(followups[1].practice_id):
        Report.objects.filter(pk=followups[1].pk).update(restricted_at=timezone.now())
    assert opened.get(url).status_code == 410
    assert opened.get(f"{link}compare/", follow=True).status_code == 410


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"device_serial": "other"}, "verschiedenen Geräten"),
        ({"algorithm_version": "2"}, "verschiedenen Versionen"),
        ({"device_model": ""}, "nicht von beiden bekannt"),
    ],
)
def test_captures_on_different_scales_are_refused_with_the_reason(
    opened: Client, link: str, followups: Two, columns: dict[str, str], words: str
) -> None:
    url = pictures(page_of(opened, f"{link}compare/"))[0]
    change_scan(followups[0], **columns)
    page = page_of(opened, f"{link}compare/")
    assert words in page
    assert pictures(page) == []
    assert "data-difference" not in page
    assert opened.get(url).status_code == 404


def test_of_three_captures_the_reader_chooses_two(
    opened: Client,
    link: str,
    followups: Two,
    account: Connection,
    cluster: IsemecoStandIn,
    small_capture: Capture,
) -> None:
    assert "<select" not in page_of(opened, f"{link}compare/")
    third = add_report(account, cluster, small_capture, AFTER + timedelta(days=30))
    linked(*followups, third)
    page = page_of(opened, f"{link}compare/")
    assert page.count("<option") == 6
    assert "3. Januar 2026 und vom 13. August 2026" in page
    chosen = f"?first={third.pk}&second={followups[1].pk}"
    assert "14. Juli 2026 und vom 13. August 2026" in page_of(opened, f"{link}compare/{chosen}")
    same = f"?first={third.pk}&second={third.pk}"
    assert "zwei verschiedene Aufnahmen" in page_of(opened, f"{link}compare/{same}")


def test_the_page_offers_no_copy_for_anybody_else(opened: Client, link: str) -> None:
    page = page_of(opened, f"{link}compare/")
    assert " download" not in page
    assert not re.search("export|teilen|share", text_of(page), re.IGNORECASE)
