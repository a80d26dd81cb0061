"""Public pages: there in both languages, findable, and leaving nothing behind."""

import re

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils.translation import override
from pytest_django import Settings

from reports import wording
from tests.frontend.words import RULES
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


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize("page", ["", "transparency/", "contact/", "accessibility/", "imprint/"])
def test_no_page_claims_a_medical_purpose(client: Client, language: str, page: str) -> None:
    html = client.get(f"/{language}/{page}").content.decode()
    text = re.sub(r"<[^>]*>", " ", html.partition("<main")[2])
    with override(language):
        exempt = [str(wording.NOTICE), "Gesundheitsdaten", "Wort über Gesundheit"]
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
