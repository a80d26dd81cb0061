"""An operator at the admin's host, with authenticators in software."""

import json
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.conf import settings
from django.http import HttpResponse
from django.test import Client

from dermalia.sandbox.face import Capture
from dermalia.sandbox.isemeco import IsemecoStandIn
from operators.domain.links import issue_link
from operators.models import Operator
from practices.domain.tenants import create_practice
from practices.models import Practice
from reports.models import Report
from tests.conftest import connect_to, discover, release_at_once, report_of
from tests.practices.authenticator import SoftAuthenticator

HOST = settings.ADMIN_HOST
REASON = "Ticket 4711: the scanner is silent"


def authenticator() -> SoftAuthenticator:
    return SoftAuthenticator(origin=settings.ADMIN_URL, host=HOST)


@dataclass
class Desk:
    """A browser on the admin's host and the authenticators beside it."""

    client: Client = field(default_factory=lambda: Client(headers={"host": HOST}))
    first: SoftAuthenticator = field(default_factory=authenticator)
    second: SoftAuthenticator = field(default_factory=authenticator)
    name: str = "Demo Admin"

    @property
    def operator(self) -> Operator:
        return Operator.objects.get(name=self.name)

    def get(self, path: str) -> HttpResponse:
        return self.client.get(path)  # type: ignore[return-value]

    def post(self, path: str, typed: dict[str, Any] | None = None) -> HttpResponse:
        return self.client.post(path, typed or {})  # type: ignore[return-value]

    def enter(self, secret: str) -> HttpResponse:
        return self.post(f"/enter/{secret}/")

    def make_passkey(self, by: SoftAuthenticator) -> HttpResponse:
        options = self.client.post("/passkeys/question/").json()
        return self.post("/passkeys/add/", {"answer": by.create(options), "name": "Demo"})

    def enrol(self) -> "Desk":
        """From the link to two passkeys; a link that waits is not confirmed here."""
        secret, _link = issue_link(name=self.name)
        assert self.enter(secret).status_code == 302
        for each in (self.first, self.second):
            assert self.make_passkey(each).status_code == 302
        return self

    def sign_in(self, by: SoftAuthenticator | None = None) -> HttpResponse:
        options = self.client.post("/sign-in/question/").json()
        return self.post("/sign-in/", {"answer": (by or self.first).get(options)})

    def state(self, reason: str = REASON) -> "Desk":
        assert self.post("/errand/", {"reason": reason}).status_code == 302
        return self

    def do(self, path: str, typed: dict[str, Any] | None = None) -> HttpResponse:
        """A grave act, with a passkey shown for exactly this."""
        answer = self.sign(path, typed or {})
        return self.post(path, {**(typed or {}), "answer": answer})

    def sign(self, path: str, typed: dict[str, Any]) -> str:
        asked = self.post(f"{path}?question", typed)
        assert asked.status_code == 200, asked.content.decode()
        return self.first.get(json.loads(asked.content))


# Where what the admin's own role reads matters, a module uses the fixture "committed"; elsewhere
# both connections have a transaction that is rolled back.
ROLLED_BACK = pytest.mark.django_db(databases=["default", "admin"])


@pytest.fixture
def nobody() -> Desk:
    """A browser of nobody's."""
    return Desk()


@pytest.fixture
def admin() -> Desk:
    """Inside, with two passkeys and a reason."""
    return Desk().enrol().state()


@pytest.fixture
def practice(committed: None) -> Practice:
    """Committed, as another role reads it."""
    practice = create_practice(name="Demo practice", email="practice@example.org")
    release_at_once(practice)
    return practice


@pytest.fixture
def report(practice: Practice, cluster: IsemecoStandIn, small_capture: Capture) -> Report:
    """A released report of the synthetic face."""
    cluster.add_scan(small_capture, first_name="Testperson Ä", email="patient@example.org")
    return report_of(discover(connect_to(cluster, practice))[0])
