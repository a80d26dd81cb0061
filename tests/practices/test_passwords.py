"""A password opens nothing without the app's code, and guessing meets a pause."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.contrib.auth.hashers import make_password
from django.db import connections
from django.test import Client
from django.utils import timezone

from audit.models import Entry
from audit.words import Action
from dermalia.tenancy import practice_scope
from practices.domain import passwords
from practices.domain.attempts import Paused, account, count_try, forget, give_back, network
from practices.models import Attempt, Authenticator, BackupCode, User
from tests.conftest import superuser_connection
from tests.practices.codes import code_of
from tests.practices.conftest import PASSWORD, WithApp, is_inside


def test_password_and_code_sign_in(client: Client, with_app: WithApp) -> None:
    assert with_app.sign_in(client).status_code == 302
    assert is_inside(client)


def test_a_password_without_its_code_opens_nothing(client: Client, with_app: WithApp) -> None:
    assert with_app.sign_in(client, code="").status_code in {403, 422}
    assert not is_inside(client)


def test_a_code_opens_once(client: Client, with_app: WithApp) -> None:
    assert with_app.sign_in(client).status_code == 302
    assert with_app.sign_in(Client()).status_code == 403


@pytest.mark.parametrize(("steps", "status"), [(-2, 403), (-1, 302), (1, 302), (2, 403)])
def test_a_clock_may_be_half_a_minute_off_and_no_more(
    client: Client, with_app: WithApp, steps: int, status: int
) -> None:
    code = code_of(with_app.seed, steps=steps)
    assert with_app.sign_in(client, code=code).status_code == status


@pytest.mark.parametrize(
    "wrong",
    [
        {"email": "nobody@example.org"},
        {"password": "a quiet afternoon in the city"},
        {"code": "000000"},
        {"code": "٠٠٠٠٠٠"},
        {"code": "0000-0000-0000-0000-0000-0000"},
    ],
)
def test_what_does_not_match_gets_one_answer(
    client: Client, with_app: WithApp, wrong: dict[str, str]
) -> None:
    answer = with_app.sign_in(client, **wrong)
    assert answer.status_code == 403
    assert "These details do not match. Please check all three." in answer.content.decode()
    assert not is_inside(client)


def test_nobody_s_password_costs_as_much_to_check_as_somebody_s(
    with_app: WithApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed: list[str] = []

    def counting(text: str) -> str:
        hashed.append(text)
        return make_password(text)

    monkeypatch.setattr("practices.domain.passwords.make_password", counting)
    without_password = User(email="link@example.org")
    assert not passwords.check_password(None, "one")
    assert not passwords.check_password(without_password, "two")
    assert hashed == ["one", "two"]
    assert with_app.user.password.startswith("scrypt$")


def test_a_wrong_code_to_the_right_password_is_on_record(client: Client, with_app: WithApp) -> None:
    with_app.sign_in(client, code="000000")
    with_app.sign_in(client)
    with practice_scope(with_app.user.practice_id):
        assert Entry.objects.filter(action=Action.STAFF_REFUSED).count() == 1
        entry = Entry.objects.get(action=Action.STAFF_SIGNED_IN)
    assert entry.counts == {"failures": 1}


def test_guessing_meets_a_pause_that_doubles(client: Client, with_app: WithApp) -> None:
    pauses = []
    for _ in range(9):
        answer = with_app.sign_in(client, password="wrong")
        if answer.status_code == 429:
            break
        pauses.append(_pause(with_app.user.email))
        _wait_out()
    assert [round(pause) for pause in pauses] == [0, 0, 0, 0, 0, 1, 2, 4, 8]


def test_in_the_pause_not_even_the_right_password_opens(client: Client, with_app: WithApp) -> None:
    for _ in range(6):
        with_app.sign_in(client, password="wrong")
    Attempt.objects.update(blocked_until=timezone.now() + timedelta(seconds=90))
    answer = with_app.sign_in(client)
    assert answer.status_code == 429
    assert 80 <= int(answer.headers["Retry-After"]) <= 90
    _wait_out()
    assert with_app.sign_in(client).status_code == 302


@pytest.mark.usefixtures("db")
def test_nobody_s_account_is_paused_like_somebody_s(client: Client) -> None:
    form = {"email": "nobody@example.org", "password": "wrong", "code": "123456"}
    answers = [client.post("/en/sign-in/", form).status_code for _ in range(7)]
    assert answers == [403, 403, 403, 403, 403, 403, 429]


@pytest.mark.usefixtures("db")
def test_a_network_is_paused_whatever_name_is_tried() -> None:
    for number in range(21):
        count_try(account(f"{number}@example.org"), network("203.0.113.0/24"))
    with pytest.raises(Paused):
        count_try(account("21@example.org"), network("203.0.113.0/24"))
    count_try(account("21@example.org"), network("198.51.100.0/24"))


@pytest.mark.usefixtures("db")
def test_success_clears_the_account_and_gives_the_network_back_one_try() -> None:
    one, here = account("one@example.org"), network("203.0.113.0/24")
    assert [count_try(one, here) for _ in range(3)] == [0, 1, 2]
    forget(one)
    give_back(here)
    assert count_try(one, here) == 0
    assert Attempt.objects.get(digest=here.digest).failures == 3


@pytest.mark.usefixtures("db")
def test_tries_are_forgotten_after_a_day() -> None:
    one = account("one@example.org")
    for _ in range(4):
        count_try(one)
    Attempt.objects.update(last_at=timezone.now() - timedelta(days=1, minutes=1))
    assert count_try(one) == 0


@pytest.mark.usefixtures("committed")
def test_tries_at_the_same_moment_share_no_allowance() -> None:
    def guess(_: int) -> bool:
        try:
            count_try(account("one@example.org"))
        except Paused:
            return False
        finally:
            connections.close_all()
        return True

    with ThreadPoolExecutor(8) as threads:
        admitted = list(threads.map(guess, range(24)))
    assert admitted.count(True) == 6


@pytest.mark.usefixtures("db")
def test_the_counters_name_nobody(client: Client) -> None:
    client.post("/en/sign-in/", {"email": "one@example.org", "password": "x", "code": "y"})
    digests = [bytes(row.digest) for row in Attempt.objects.all()]
    assert len(digests) == 2
    assert all(len(digest) == 32 for digest in digests)


def test_a_backup_code_opens_once_and_leads_to_a_new_app(client: Client, with_app: WithApp) -> None:
    code = with_app.codes[3].upper().replace("0", "O").replace("1", "l")
    answer = with_app.sign_in(client, code=code)
    assert answer.headers["Location"] == "/en/account/"
    assert with_app.sign_in(Client(), code=code).status_code == 403
    with practice_scope(with_app.user.practice_id):
        assert BackupCode.objects.count() == 9


def test_new_backup_codes_replace_the_old_ones(client: Client, with_app: WithApp) -> None:
    client.force_login(with_app.user)
    page = client.post("/en/account/codes/").content.decode()
    assert page.count("<li><code>") == 10
    assert with_app.sign_in(Client(), code=with_app.codes[0]).status_code == 403


@pytest.mark.usefixtures("committed")
def test_neither_seed_nor_password_nor_codes_are_in_the_database() -> None:
    from practices.domain.backup_codes import make_codes
    from practices.domain.tenants import create_practice
    from practices.domain.totp import seed_to_set_up

    practice = create_practice(name="Demo practice", email="practice@example.org")
    user = User.objects.create(email="staff@example.org", practice=practice)
    with practice_scope(practice.pk):
        passwords.set_password(user, PASSWORD)
        secrets = [seed_to_set_up(user), PASSWORD, *make_codes(user)]
    with superuser_connection() as server:
        rows = [
            str(row)
            for table in ("user", "authenticator", "backupcode")
            for row in server.execute(f"SELECT t::text FROM practices_{table} t".encode())
        ]
    assert len(rows) == 12
    for secret in secrets:
        assert not any(secret in row or secret.encode().hex() in row for row in rows)


def test_an_app_counts_only_after_its_first_code(client: Client, with_app: WithApp) -> None:
    with practice_scope(with_app.user.practice_id):
        Authenticator.objects.update(confirmed_at=None)
    assert with_app.sign_in(client).status_code == 403


def _pause(email: str) -> float:
    row = Attempt.objects.get(digest=account(email).digest)
    return (row.blocked_until - row.last_at).total_seconds()


def _wait_out() -> None:
    Attempt.objects.update(blocked_until=timezone.now())
