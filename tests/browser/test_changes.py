"""Objecting to a service to come, and the days before a contract's end, as an owner sees them."""

from collections.abc import Iterator

import pytest
from django.test import override_settings
from playwright.sync_api import Browser, expect

from audit.chain import OPERATOR
from closing.domain.contract import give_notice
from dermalia.tenancy import practice_scope
from onboarding.domain.objections import objects
from onboarding.models import Objection
from practices.domain.tenants import create_practice
from practices.models import Practice, User
from tests.browser.conftest import serving
from tests.browser.test_onboarding import Walk
from tests.browser.test_sign_in import DESKTOP, PHONE, WORDS, come_in_by_link, device

pytestmark = [pytest.mark.browser, pytest.mark.joining]


@pytest.fixture
def site(committed: None) -> Iterator[str]:
    """An installation that has announced a service."""
    with (
        serving(application="tests.browser.announcing") as site,
        override_settings(PUBLIC_URL=site),
    ):
        yield site


@pytest.fixture
def owner(site: str) -> User:
    practice: Practice = create_practice(name="Demo-Praxis", email="praxis@example.org")
    return User.objects.create(email="owner@example.org", practice=practice, role="owner")


@pytest.mark.parametrize(
    ("size", "language", "scheme"),
    [
        (DESKTOP, "de", "light"),
        (PHONE, "de", "dark"),
        (DESKTOP, "en", "dark"),
        (PHONE, "en", "light"),
    ],
)
def test_an_owner_objects_and_takes_it_back(
    chromium: Browser, site: str, owner: User, size: dict[str, int], language: str, scheme: str
) -> None:
    with device(chromium, size, color_scheme=scheme) as key:
        page = key.page
        walk = Walk(page, language, f"changes-{language}-{size['width']}")
        come_in_by_link(page, site, owner, language)
        page.get_by_role("button", name=WORDS[language]["make"]).click()
        walk.pledge()
        page.locator('.standing a[href$="/settings/processors/"]').click()
        walk.look()
        page.locator('a[href$="/demo/object/"]').click()
        walk.look()
        walk.save()
        expect(page.locator("[aria-invalid]")).to_have_count(1)
        walk.look()
        walk.fill(reason="Demo: ein Grund.")
        walk.save()
        expect(page.locator("main .alert")).to_be_visible()
        walk.look()
        assert objects(owner.practice_id, "demo")
        page.goto(f"{site}/{language}/scans/")
        expect(page.locator('.standing a[href$="/settings/processors/"]')).to_have_count(0)
        page.goto(f"{site}/{language}/settings/processors/")
        page.locator('form[action$="/demo/withdraw/"] button').click()
        expect(page.locator('a[href$="/demo/object/"]')).to_be_visible()
        walk.look()
        assert not objects(owner.practice_id, "demo")
        with practice_scope(owner.practice_id):
            assert Objection.objects.count() == 2
            give_notice(practice_id=owner.practice_id, who=OPERATOR)
        page.goto(f"{site}/{language}/scans/")
        expect(page.locator('.standing a[href$="/settings/contract-end/"]')).to_be_visible()
        walk.look()
