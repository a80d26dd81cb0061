"""What pages of a practice's own server say about services, and what they do not offer."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.translation import override
from pytest_django import Settings

from audit.chain import OPERATOR
from dermalia.residency.register import admits, companies
from onboarding.domain.texts import current_text
from onboarding.models import LegalText
from practices.models import Practice, User
from reports.mail.models import Carrier
from reports.mail.routes import RouteRefused, choose

pytestmark = pytest.mark.usefixtures("db")


@pytest.fixture(autouse=True)
def local(settings: Settings) -> None:
    settings.LOCAL, settings.TRIAL, settings.MAIL_CARRIER = True, False, "own"


def test_the_register_names_no_company_and_admits_nobody() -> None:
    assert companies() == ()
    assert not admits("eu.isemeco.com")
    assert not admits("api.resend.com")


@pytest.mark.parametrize(("language", "none"), [("de", "Keine."), ("en", "None.")])
def test_the_list_of_processors_says_that_there_are_none(language: str, none: str) -> None:
    body = current_text(LegalText.Kind.PROCESSORS, language).body
    assert none in body
    assert "Isemeco" not in body


@pytest.mark.parametrize("language", ["de", "en"])
def test_the_page_of_hosts_names_none(client: Client, language: str) -> None:
    with override(language):
        page = client.get(reverse("public:transparency"), secure=True).content.decode()
    assert "isemeco.com" not in page
    assert "Mailserver" in page or "mail server" in page


def test_an_account_in_the_cluster_is_not_offered(client: Client, staff_user: User) -> None:
    client.force_login(staff_user)
    page = client.get(reverse("onboarding:scanners")).content.decode()
    assert "add-folder" in page
    assert "add-account" not in page


@pytest.mark.usefixtures("scope")
@pytest.mark.parametrize("carrier", [Carrier.RESEND, Carrier.RELAY])
def test_mails_go_by_no_service(practice: Practice, carrier: Carrier) -> None:
    with pytest.raises(RouteRefused):
        choose(practice=practice, carrier=carrier, who=OPERATOR)
