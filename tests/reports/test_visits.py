"""What is kept of a look at a report, and for how long."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.test import Client, RequestFactory
from django.utils import timezone
from pytest_django import Settings

from audit.chain import SYSTEM
from dermalia.clients import client_address, network_of
from dermalia.tenancy import practice_scope
from practices.models import Practice
from reports.domain.visits import forget_old_visits
from reports.models import Report, Tally, Visit
from retention.domain.erase import request_erasure
from retention.models import Erasure

PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15"
    " (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1"
)
AGENTS = {
    PHONE: ("safari", "phone"),
    "Mozilla/5.0 (Linux; Android 15; SM-S921B) AppleWebKit/537.36 (KHTML, like Gecko)"
    " SamsungBrowser/27.0 Chrome/125.0.0.0 Mobile Safari/537.36": ("samsung", "phone"),
    "Mozilla/5.0 (Linux; Android 14; SM-X710) AppleWebKit/537.36 (KHTML, like Gecko)"
    " Chrome/130.0.0.0 Safari/537.36": ("chrome", "tablet"),
    "Mozilla/5.0 (iPad; CPU OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
    " CriOS/129.0 Mobile/15E148 Safari/604.1": ("chrome", "tablet"),
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"
    " Chrome/130.0.0.0 Safari/537.36 Edg/130.0.0.0": ("edge", "computer"),
    "Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0": (
        "firefox",
        "computer",
    ),
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko)"
    " Chrome/130.0.0.0 Safari/537.36 OPR/115.0.0.0": ("other", "computer"),
    "": ("other", "other"),
    "x" * 5000 + "\x00ä": ("other", "other"),
}


def visits(report: Report) -> list[Visit]:
    with practice_scope(report.practice_id):
        return list(Visit.objects.order_by("pk"))


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.77", "203.0.113.0/24"),
        ("2001:db8:1234:5678::1", "2001:db8:1234::/48"),
        ("::ffff:203.0.113.77", "203.0.113.0/24"),
        ("::1", "::/48"),
        ("", ""),
        ("unknown", ""),
        ("203.0.113.77:443", ""),
    ],
)
def test_of_an_address_only_its_network_is_kept(address: str, network: str) -> None:
    assert network_of(address) == network


def test_a_visit_has_room_for_four_things_and_no_more() -> None:
    fields = {field.name for field in Visit._meta.get_fields()}
    assert fields - {"id", "practice", "report"} == {"at", "network", "browser", "device"}


@pytest.mark.parametrize(("agent", "kinds"), AGENTS.items())
def test_of_a_browser_only_its_kind_is_kept(
    opened: Client, link: str, report: Report, agent: str, kinds: tuple[str, str]
) -> None:
    opened.get(link, headers={"User-Agent": agent}, REMOTE_ADDR="203.0.113.77")
    visit = visits(report)[0]
    assert (visit.network, visit.browser, visit.device) == ("203.0.113.0/24", *kinds)


def test_every_look_at_the_report_is_one_entry_and_the_gate_is_none(
    client: Client, link: str, report: Report
) -> None:
    client.get(link)
    client.post(link)
    client.head(link)
    assert not visits(report)
    for _ in range(3):
        assert client.get(link).status_code == 200
    assert len(visits(report)) == 3


def test_entries_go_after_their_time_and_with_the_report(
    opened: Client, link: str, report: Report, settings: Settings
) -> None:
    for _ in range(3):
        opened.get(link)
    with practice_scope(report.practice_id):
        first = Visit.objects.earliest("pk")
        Visit.objects.filter(pk=first.pk).update(
            at=timezone.now() - timedelta(days=settings.VISIT_DAYS, seconds=1)
        )
        assert forget_old_visits() == 1
        assert Visit.objects.count() == 2
        request_erasure(scan=report.scan, reason=Erasure.Reason.STAFF, who=SYSTEM)
        assert not Visit.objects.exists()


def test_nothing_is_counted_unless_the_practice_wants_to_know(
    opened: Client, link: str, report: Report
) -> None:
    other = link.replace("/de/", "/en/")
    opened.get(link)
    with practice_scope(report.practice_id):
        assert not Tally.objects.exists()
    with transaction.atomic():
        Practice.objects.filter(pk=report.practice_id).update(counts_use=True)
    for address in (link, link, other):
        opened.get(address)
    with practice_scope(report.practice_id):
        model = report.scan.assets.get(kind="model")
        opened.get(f"{link}files/{model.pk}")
        opened.get(f"{link}files/{report.scan.assets.get(name='still-front.webp').pk}")
        told = dict(Tally.objects.values_list("what", "number"))
    assert told == {"page": 3, "language": 1, "model": 1}


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, "198.51.100.1", "10.0.0.1"),
        (1, "198.51.100.1", "198.51.100.1"),
        (1, "192.0.2.9, 198.51.100.1", "198.51.100.1"),
        (2, "192.0.2.9, 198.51.100.1", "192.0.2.9"),
        (2, "198.51.100.1", "10.0.0.1"),
        (1, "", ""),
    ],
)
def test_only_our_own_proxies_are_believed(
    rf: RequestFactory, settings: Settings, proxies: int, forwarded: str, address: str
) -> None:
    settings.PROXIES = proxies
    request = rf.get("/", headers={"X-Forwarded-For": forwarded}, REMOTE_ADDR="10.0.0.1")
    assert client_address(request) == address
