"""Public pages: there in both languages, findable, and leaving nothing behind."""

import gzip
import re

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.translation import override
from pytest_django import Settings

from reports import wording
from tests.frontend.words import RULES
from tests.website.reading import read
from website.views.machines import public_paths

PATHS = [*public_paths("de"), *public_paths("en")]


@pytest.fixture(autouse=True)
def _rows(db: None) -> None:
    """Texts in force are stored when they are first asked for."""


@pytest.mark.parametrize("path", PATHS)
def test_a_page_may_be_found_and_names_itself_in_both_languages(client: Client, path: str) -> None:
    answer = client.get(path)
    html = answer.content.decode()
    assert answer.status_code == 200
    assert answer.headers["X-Robots-Tag"] == "all"
    assert 'name="robots"' not in html
    assert len(re.findall(r"<h1", html)) == 1
    assert len(set(re.findall(r'rel="alternate" hreflang="(\w+)"', html))) == 2
    description = re.search(r'name="description" content="([^"]+)"', html)
    assert description is not None
    assert len(description[1]) > 25


@pytest.mark.parametrize("path", PATHS)
def test_a_visit_sets_no_cookie_and_leaves_no_session(client: Client, path: str) -> None:
    answer = client.get(path)
    assert not answer.cookies
    assert "Cookie" not in answer.headers.get("Vary", "")
    assert not Session.objects.exists()


@pytest.mark.parametrize("path", PATHS)
def test_a_visit_is_noted_down_nowhere(client: Client, path: str) -> None:
    client.get(path)  # the texts in force are stored when they are first asked for
    with CaptureQueriesContext(connection) as asked:
        assert client.get(path).status_code == 200
    assert [each["sql"] for each in asked if not each["sql"].startswith("SELECT")] == []


# What an article or a contract says in the words of a law, and of nobody's health here.
BY_LAW = {
    "de": (
        *("Gesundheitsdaten", "Wort über Gesundheit"),
        *("Abschluss der Behandlung", "Ende der Behandlung"),
        *("Umfang und vom Risiko", "mit hohem Risiko", "Empfehlungen 01/2020"),
        *("verschlechtern ihr Niveau nicht",),
    ),
    "en": (
        *("the treatment was concluded", "end of the treatment", "extent and risk"),
        *("content of high risk", "Recommendations 01/2020"),
    ),
}


@pytest.mark.parametrize("path", PATHS)
def test_no_page_claims_a_medical_purpose(client: Client, path: str) -> None:
    language = path[1:3]
    text = read(client.get(path).content.decode())
    with override(language):
        exempt = (str(wording.NOTICE), *BY_LAW[language])
    for words in exempt:
        text = text.replace(words, "")
    assert RULES[language].findall(text) == []


def test_the_sitemap_names_every_page_once(client: Client) -> None:
    body = client.get("/sitemap.xml").content.decode()
    found = re.findall(r"<loc>http://testserver([^<]+)</loc>", body)
    assert sorted(found) == sorted(PATHS)


def test_robots_are_kept_from_links(client: Client) -> None:
    lines = client.get("/robots.txt").content.decode().splitlines()
    assert "Disallow: /de/r/" in lines
    assert "Disallow: /en/r/" in lines


def test_other_pages_stay_unfindable(client: Client) -> None:
    answer = client.get("/de/contact/sent/")
    assert answer.headers["X-Robots-Tag"].startswith("noindex")


def test_an_article_nobody_wrote_is_not_there(client: Client) -> None:
    assert client.get("/de/knowledge/nothing/").status_code == 404
    assert client.get("/de/texts/nothing/").status_code == 404


def test_the_imprint_shows_the_operator_s_particulars(client: Client, settings: Settings) -> None:
    settings.OPERATOR = settings.OPERATOR | {"register": "Demo-Register 0"}
    assert "Demo-Register 0" in client.get("/de/imprint/").content.decode()


@pytest.mark.parametrize("language", ["de", "en"])
def test_the_imprint_shows_nothing_of_what_is_not_set(
    client: Client, settings: Settings, language: str
) -> None:
    missing = {"represented_by": "", "register": "", "vat_id": ""}
    settings.OPERATOR = settings.OPERATOR | missing
    page = client.get(f"/{language}/imprint/").content.decode()
    assert "<dl" not in page
    settings.OPERATOR = settings.OPERATOR | {"vat_id": "DE000000000"}
    page = client.get(f"/{language}/imprint/").content.decode()
    assert len(re.findall("<dt>", page)) == len(re.findall(r"<dd>[^<]+</dd>", page)) == 1


@pytest.mark.parametrize("path", PATHS)
def test_a_page_is_packed_for_whoever_takes_it_so(client: Client, path: str) -> None:
    plain, packed = client.get(path), client.get(path, headers={"Accept-Encoding": "gzip"})
    assert plain.headers["Vary"] == packed.headers["Vary"] == "Accept-Encoding"
    assert packed.headers["Content-Encoding"] == "gzip"
    if "contact" not in path:  # each form bears its moment
        assert gzip.decompress(packed.content) == plain.content
    assert len(packed.content) < 9_000


def test_every_article_is_dated_and_names_its_sources(client: Client) -> None:
    for path in (each for each in PATHS if "/knowledge/" in each and each.count("/") == 4):
        text = read(client.get(path).content.decode())
        assert re.search(r"(Stand|As of) \d+\.? \w+ 20\d\d", text), path
        assert re.search(r"\n(Quellen|Sources)\n", text), path
