"""The practice of a server of its own: what is made of the answers, and what stays as it was."""

from dataclasses import replace
from pathlib import Path

import pytest
from pytest_django import Settings

from dermalia.embedded.local import LocalSetup
from dermalia.local.answers import Answers
from dermalia.local.errors import SetupRefused
from dermalia.local.taking_in import owners_link, prepare_practice, require_usable_folder
from dermalia.sealing.fields import Sealing
from dermalia.sealing.keys import unlock_secrets
from dermalia.tenancy import practice_scope
from practices.models import Authenticator, Practice, User
from reports.mail.models import Carrier, MailRoute
from reports.mail.routes import route
from scans.models import Connection
from tests.mail.smtp_server import PASSWORD, USER, SmtpServer

pytestmark = [pytest.mark.joining, pytest.mark.usefixtures("committed")]


@pytest.fixture
def setup(tmp_path: Path) -> LocalSetup:
    folder = tmp_path / "exports"
    folder.mkdir()
    return LocalSetup(address="https://localhost", folder=str(folder))


@pytest.fixture
def said(
    tmp_path: Path, mail: SmtpServer, authority: Path, settings: Settings
) -> dict[str, object]:
    """Everything a first set-up needs."""
    settings.MAIL_AUTHORITY = str(authority)
    password = tmp_path / "password"
    password.write_text(f"{PASSWORD}\n")
    return {
        "practice": "Demo practice",
        "email": "practice@example.org",
        "owner": "owner@example.org",
        "smtp_host": "localhost",
        "smtp_port": mail.port,
        "smtp_user": USER,
        "smtp_password_file": str(password),
        "sender": "praxis@example.org",
    }


def routed(practice: Practice) -> MailRoute:
    with practice_scope(practice.pk):
        return route()


def test_a_practice_is_taken_in_with_its_folder_and_its_mail_server(
    setup: LocalSetup, said: dict[str, object], mail: SmtpServer
) -> None:
    practice = prepare_practice(setup, Answers(said))
    assert (practice.name, practice.email) == ("Demo practice", "practice@example.org")
    chosen = routed(practice)
    assert (chosen.carrier, chosen.host, chosen.port) == (Carrier.OWN, "localhost", mail.port)
    with practice_scope(practice.pk):
        assert chosen.password.open(unlock_secrets()) == PASSWORD
        assert Connection.objects.get().folder == "exports"


def test_a_later_start_changes_nothing_and_calls_no_mail_server(
    setup: LocalSetup, said: dict[str, object], mail: SmtpServer
) -> None:
    practice = prepare_practice(setup, Answers(said))
    calls = mail.connections
    for options in ({}, said):
        assert prepare_practice(setup, Answers(options)) == practice
    assert mail.connections == calls
    assert User.objects.count() == 1


def test_another_folder_is_watched_from_then_on(
    setup: LocalSetup, said: dict[str, object], tmp_path: Path
) -> None:
    practice = prepare_practice(setup, Answers(said))
    (tmp_path / "elsewhere").mkdir()
    prepare_practice(replace(setup, folder=str(tmp_path / "elsewhere")), Answers({}))
    with practice_scope(practice.pk):
        assert Connection.objects.get().folder == "elsewhere"


def test_a_mail_server_that_refuses_is_not_taken_over(
    setup: LocalSetup, said: dict[str, object], mail: SmtpServer
) -> None:
    practice = prepare_practice(setup, Answers(said))
    mail.fault = "wrong account"
    with pytest.raises(SetupRefused, match="was not taken over"):
        prepare_practice(setup, Answers({**said, "smtp_user": "somebody"}))
    assert routed(practice).username == USER


def test_a_mail_server_nobody_vouches_for_gets_no_password(
    setup: LocalSetup, said: dict[str, object], mail: SmtpServer, settings: Settings
) -> None:
    settings.MAIL_AUTHORITY = ""
    with pytest.raises(SetupRefused, match="was not taken over"):
        prepare_practice(setup, Answers(said))
    assert mail.signed_in == []


def test_a_data_folder_belongs_to_one_practice(setup: LocalSetup, said: dict[str, object]) -> None:
    prepare_practice(setup, Answers(said))
    with pytest.raises(SetupRefused, match="belongs to 'Demo practice'"):
        prepare_practice(setup, Answers({**said, "practice": "Another practice"}))


def test_all_that_is_missing_is_named_and_nothing_is_taken_in(setup: LocalSetup) -> None:
    with pytest.raises(SetupRefused, match="--email, --owner, --smtp-host, --smtp-user, --from"):
        prepare_practice(setup, Answers({"practice": "Demo practice"}))
    assert Practice.objects.count() == 0


@pytest.mark.parametrize("field", ["email", "owner"])
def test_an_address_that_is_none_is_refused(
    setup: LocalSetup, said: dict[str, object], field: str
) -> None:
    with pytest.raises(SetupRefused):
        prepare_practice(setup, Answers({**said, field: "nobody"}))
    assert Practice.objects.count() == 0


def test_a_folder_whose_name_could_lead_elsewhere_is_refused(tmp_path: Path) -> None:
    (tmp_path / "my exports").mkdir()
    with pytest.raises(SetupRefused, match="needs a name of letters"):
        require_usable_folder(tmp_path / "my exports")


def test_a_folder_in_which_nothing_can_be_moved_aside_is_refused(tmp_path: Path) -> None:
    (tmp_path / "exports").mkdir()
    (tmp_path / "exports" / "done").symlink_to(tmp_path)
    with pytest.raises(SetupRefused, match="must not be links"):
        require_usable_folder(tmp_path / "exports")


def test_a_share_that_is_away_keeps_nobody_from_starting(
    setup: LocalSetup, said: dict[str, object]
) -> None:
    practice = prepare_practice(setup, Answers(said))
    Path(setup.folder).rmdir()
    assert prepare_practice(setup, Answers({})) == practice


def test_the_owner_gets_a_new_link_until_they_can_sign_in(
    setup: LocalSetup, said: dict[str, object]
) -> None:
    practice = prepare_practice(setup, Answers(said))
    first, second = owners_link(practice), owners_link(practice)
    assert first
    assert second
    assert first != second
    with practice_scope(practice.pk):
        Authenticator.objects.create(
            practice=practice,
            user=User.objects.get(),
            seed=Sealing(unlock_secrets(), "seed"),
            confirmed_at=practice.created_at,
        )
    assert owners_link(practice) is None
