"""deploy/make-secrets makes what the application reads, once, and for nobody else to read."""

import os
import re
import stat
import subprocess
from pathlib import Path

import pytest

from audit.signing import SigningKeys
from dermalia.embedded.roles import ROLES
from dermalia.sealing.keyring import Keyring
from tests.deploy import installation
from tests.deploy.installation import DEPLOY


def make(folder: Path, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [DEPLOY / "make-secrets", folder],
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def made(tmp_path: Path) -> Path:
    folder = tmp_path / "secrets"
    assert make(folder).returncode == 0
    return folder


def contents(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.iterdir()}


def test_it_makes_every_secret_of_the_compose_file(made: Path) -> None:
    assert set(contents(made)) == set(installation.compose()["secrets"])


def test_nobody_else_may_read_them(made: Path) -> None:
    assert stat.S_IMODE(made.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in made.iterdir()} == {0o400}


def test_a_second_run_changes_nothing(made: Path) -> None:
    before = contents(made)
    assert make(made).returncode == 0
    assert contents(made) == before


def test_a_run_that_was_cut_off_is_finished_with_the_same_passwords(made: Path) -> None:
    before = contents(made)
    for name in ("database_url", "redis_url"):
        (made / name).unlink()
    assert make(made).returncode == 0
    assert contents(made) == before


def test_two_installations_share_nothing(made: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    make(other)
    ours, theirs = contents(made), contents(other)
    given_by_others = {"backup_recipients", "resend_api_key", "resend_webhook_secret"}
    assert {name for name in ours if ours[name] == theirs[name]} == given_by_others


def test_the_application_reads_its_keys(made: Path) -> None:
    assert Keyring.read(made / "keyring").current == 1
    SigningKeys.read(made / "audit_signing_key")


def test_urls_hold_the_passwords_the_servers_are_given(made: Path) -> None:
    texts = contents(made)
    roles = dict(line.split() for line in texts["postgres_roles"].splitlines())
    assert set(roles) == set(ROLES)
    for name in (
        "database_url",
        "database_sweeper_url",
        "database_owner_url",
        "database_admin_url",
        "database_backup_url",
        "database_keystore_backup_url",
    ):
        found = re.fullmatch(r"postgres://(\w+):(\w+)@postgres:5432/dermalia\n", texts[name])
        assert found
        assert roles[found[1]] == found[2]
    password = texts["redis_password"].split()[1]
    assert texts["redis_url"] == f"redis://:{password}@redis:6379/0\n"


def test_other_machines_can_be_named(tmp_path: Path) -> None:
    make(tmp_path / "s", POSTGRES_HOST="localhost", REDIS_HOST="localhost")
    assert "@localhost:5432/" in (tmp_path / "s" / "database_url").read_text()
    assert "@localhost:6379/" in (tmp_path / "s" / "cache_url").read_text()


def test_it_says_what_it_cannot_make(tmp_path: Path) -> None:
    said = make(tmp_path / "s").stdout
    assert "resend_api_key" in said
    assert "resend_webhook_secret" in said


def test_without_openssl_nothing_is_made(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    ended = make(tmp_path / "s", PATH=f"{tmp_path}/bin")
    assert ended.returncode != 0
    assert not (tmp_path / "s").exists()


def test_each_role_has_a_url_of_its_own(made: Path) -> None:
    urls = [text for name, text in contents(made).items() if name.startswith("database_")]
    assert {url.split("//")[1].split(":")[0] for url in urls} == set(ROLES)


def test_the_server_gets_the_database_of_the_drill() -> None:
    drill = installation.services()["worker-backup"]["environment"]["DERMALIA_DRILL_DATABASE"]
    script = (DEPLOY / "postgres" / "roles.sh").read_text()
    assert f"CREATE DATABASE {drill} OWNER dermalia_owner;" in script


def test_the_server_lets_those_roles_see_past_policies_that_do_so_elsewhere() -> None:
    # deploy/postgres/roles.sh goes by the name.
    assert all(bypasses == role.endswith("_backup") for role, bypasses in ROLES.items())
