"""A practice that has said all that its documents need."""

from collections.abc import Iterator

import pytest

from dermalia.tenancy import practice_scope
from documents.domain.practice import Stated, stated_by
from onboarding.domain.particulars import change_practice, state
from practices.models import Practice, User
from tests.onboarding.conftest import name_the_parties

OFFICER = "Testperson Ö"


def say_everything(user: User) -> None:
    """In the practice's scope."""
    name_the_parties(user)
    change_practice(user, {"name": "Demopraxis am Hafen", "phone": "040 0000000"})
    state(
        user,
        oversight="appointed",
        officer_name=OFFICER,
        officer_contact="datenschutz@praxis.example",
        authority="hh",
    )


@pytest.fixture
def scope(practice: Practice) -> Iterator[Practice]:
    with practice_scope(practice.pk):
        yield practice


@pytest.fixture
def stated(scope: Practice, staff_user: User) -> Stated:
    """What documents tell of a practice that has said everything."""
    say_everything(staff_user)
    return stated_by(Practice.objects.get(pk=scope.pk))
