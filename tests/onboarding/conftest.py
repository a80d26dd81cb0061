"""An owner whose practice has everything still before it."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.utils.translation import override

from dermalia.sandbox.face import Capture
from dermalia.sandbox.isemeco import IsemecoStandIn
from dermalia.tenancy import practice_scope
from onboarding.domain.acceptance import Signing, accept
from onboarding.domain.particulars import change_practice, state
from onboarding.domain.texts import current_texts
from onboarding.models import Acceptance, Check, Trial
from practices.models import Passkey, Practice, StaffSession, User
from scans.models import Connection
from tests.conftest import connect_to

PDF = b"%PDF-1.7\n% typeset for a test of something else\n"


@pytest.fixture
def owner(client: Client, staff_user: User) -> Client:
    """A browser in which the owner has just signed in."""
    client.force_login(staff_user)
    return client


@pytest.fixture
def scanner(practice: Practice, cluster: IsemecoStandIn) -> Connection:
    return connect_to(cluster, practice)


@pytest.fixture
def quick_documents(monkeypatch: pytest.MonkeyPatch) -> None:
    """For tests in which it does not matter what the copy looks like."""
    monkeypatch.setattr("onboarding.domain.acceptance.typeset_acceptance", lambda _row: PDF)


@pytest.fixture
def german() -> Iterator[None]:
    with override("de"):
        yield


def signing(user: User, **other: Any) -> Signing:
    """A signing as it should be; ``other`` replaces what would be right. In the scope."""
    digests = frozenset(bytes(text.digest).hex() for text in current_texts("de").values())
    right: dict[str, Any] = {
        "user": user,
        "language": "de",
        "factor": StaffSession.Factor.PASSKEY,
        "network": "192.0.2.0/24",
        "digests": digests,
        "authorised": True,
        "secrecy": True,
    }
    return Signing(**(right | other))


def name_the_parties(user: User) -> None:
    """Who the practice is and who signs, in the scope."""
    address = {"street": "Beispielweg 1", "postal_code": "00000", "city": "Musterstadt"}
    change_practice(user, address)
    state(user, legal_form="GmbH", authorised_name="Testperson Ä", authorised_role="Inhaberin")


def accept_all(user: User) -> Acceptance:
    name_the_parties(user)
    return accept(signing(user))


def open_every_gate(user: User, scanner: Connection) -> None:
    """All that is asked of a practice, but for going live itself."""
    with practice_scope(user.practice_id):
        accept_all(user)
        state(
            user,
            billing="private",
            oversight="none",
            no_officer_reason="Fewer than twenty people.",
            authority="hh",
            retention_settled_at="2026-01-01T00:00:00Z",
            duties_seen_at="2026-01-01T00:00:00Z",
        )
        Passkey.objects.create(
            practice_id=user.practice_id,
            user=user,
            credential_id=b"of this test",
            public_key=b"",
            sign_count=0,
        )
        Check.objects.create(practice_id=user.practice_id, connection=scanner, passed=True)
        Trial.objects.create(
            practice_id=user.practice_id,
            user=user,
            connection=scanner,
            state=Trial.State.PASSED,
            ended_at="2026-01-01T00:00:00Z",
        )


def capture(cluster: IsemecoStandIn, small_capture: Capture) -> None:
    """Somebody takes a capture at the scanner, without a name."""
    cluster.add_scan(small_capture)
