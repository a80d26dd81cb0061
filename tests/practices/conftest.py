"""Members of staff with a passkey, with password and app, or with nothing yet."""

import json
from dataclasses import dataclass
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from dermalia.tenancy import practice_scope
from practices.domain.backup_codes import make_codes
from practices.domain.passkeys import add_passkey, ask_for_new
from practices.domain.passwords import set_password
from practices.domain.totp import confirm_app, seed_to_set_up
from practices.models import Authenticator, User
from tests.practices.authenticator import SoftAuthenticator
from tests.practices.codes import code_of

PASSWORD = "a quiet afternoon in the garden"


@dataclass
class WithApp:
    """A member of staff with password, app and backup codes."""

    user: User
    seed: str
    codes: list[str]

    def sign_in(self, client: Client, **other: str) -> Any:
        """POST the form; ``other`` replaces what would be right."""
        right = {"email": self.user.email, "password": PASSWORD, "code": code_of(self.seed)}
        return client.post("/en/sign-in/", right | other)


@pytest.fixture
def with_app(staff_user: User) -> WithApp:
    with practice_scope(staff_user.practice_id):
        seed = seed_to_set_up(staff_user)
        set_password(staff_user, PASSWORD)
        assert confirm_app(staff_user, code_of(seed))
        codes = make_codes(staff_user)
        # As if some time had passed since: the code of this moment is good once more.
        Authenticator.objects.update(last_step=0)
    return WithApp(staff_user, seed, codes)


@pytest.fixture
def passkey(staff_user: User) -> SoftAuthenticator:
    """The authenticator that holds the passkey of ``staff_user``."""
    authenticator = SoftAuthenticator()
    give_passkey(staff_user, authenticator)
    return authenticator


def give_passkey(user: User, authenticator: SoftAuthenticator) -> None:
    with practice_scope(user.practice_id):
        question = ask_for_new(user)
        answer = authenticator.create(json.loads(question.options))
        add_passkey(user=user, name="Demo", answer=answer, challenge=question.challenge)


def show_passkey(client: Client, authenticator: SoftAuthenticator) -> HttpResponse:
    """Sign in by passkey, as the script of the page does."""
    question = client.post("/en/sign-in/question/").json()
    return post_answer(client, authenticator.get(question))


def post_answer(client: Client, answer: str) -> HttpResponse:
    response: Any = client.post("/en/sign-in/passkey/", {"answer": answer})
    return response  # type: ignore[no-any-return]


def is_inside(client: Client) -> bool:
    """Whether the client sees the dashboard."""
    return client.get("/en/scans/").status_code == 200
