"""What somebody says at the set-up of a practice's own server, and what is refused."""

import json
import os
import subprocess
import sys
from argparse import ArgumentParser
from dataclasses import replace
from pathlib import Path

import pytest
from django.conf import settings as project
from django.core.management import CommandError, call_command

from dermalia.embedded import EmbeddedError, environment, prepare
from dermalia.embedded.local import (
    LocalSetup,
    load,
    local_environment,
    require_sound,
    require_undisputed,
    store,
)
from dermalia.local.answers import Answers, add_arguments, flags_given, setup_from
from dermalia.local.errors import SetupRefused
from tests.deploy.running import make_certificate
from tests.mail.smtp_server import make_certificate as certificate_for

PROBE = (
    "import django, json; django.setup(); from django.conf import settings as s;"
    "print(json.dumps({name: getattr(s, name) for name in ("
    "'LOCAL', 'TRIAL', 'DEBUG', 'SESSION_COOKIE_SECURE', 'CSRF_COOKIE_SECURE',"
    "'SECURE_SSL_REDIRECT', 'SECURE_HSTS_SECONDS', 'ALLOWED_HOSTS', 'PUBLIC_URL', 'ADMIN_HOST',"
    "'MAIL_CARRIER', 'SANDBOX_ORIGINS', 'SECURE_PROXY_SSL_HEADER', 'PROXIES')}))"
)


@pytest.fixture
def sound(tmp_path: Path) -> LocalSetup:
    """With a certificate of its own."""
    folder = tmp_path / "exports"
    folder.mkdir()
    certificate, key = make_certificate(tmp_path)
    return LocalSetup(
        address="https://localhost", folder=str(folder), certificate=str(certificate), key=str(key)
    )


def started(data: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """Load the settings on a data folder, in a process of their own."""
    kept = {name: value for name, value in os.environ.items() if "DERMALIA" not in name}
    env = {"DERMALIA_MODE": "embedded", "DERMALIA_DATA": str(data), **more}
    return subprocess.run(
        [sys.executable, "-c", PROBE],
        env={**kept, **env, "DJANGO_SETTINGS_MODULE": "dermalia.settings"},
        cwd=project.BASE_DIR,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def data(tmp_path: Path, sound: LocalSetup) -> Path:
    folder = tmp_path / "data"
    prepare(folder)
    store(folder, sound)
    return folder


@pytest.mark.processes
def test_a_practices_server_has_the_protections_of_production(data: Path) -> None:
    found = json.loads(started(data).stdout)
    assert found == {
        "LOCAL": True,
        "TRIAL": False,
        "DEBUG": False,
        "SESSION_COOKIE_SECURE": True,
        "CSRF_COOKIE_SECURE": True,
        "SECURE_SSL_REDIRECT": True,
        "SECURE_HSTS_SECONDS": 63_072_000,
        "ALLOWED_HOSTS": ["localhost"],
        "PUBLIC_URL": "https://localhost",
        "ADMIN_HOST": "",
        "MAIL_CARRIER": "own",
        "SANDBOX_ORIGINS": [],
        "SECURE_PROXY_SSL_HEADER": None,
        "PROXIES": 0,
    }


@pytest.mark.processes
@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("DERMALIA_DEBUG", "true", "DERMALIA_DEBUG"),
        ("DERMALIA_SANDBOX_ORIGINS", "http://127.0.0.1:1", "DERMALIA_SANDBOX_ORIGINS"),
        ("DERMALIA_RESEND_API_KEY", "re_key", "calls no service outside"),
        ("DERMALIA_KMS_KEYS", "arn:x", "DERMALIA_KMS"),
        ("DERMALIA_S3_ENDPOINT", "https://s3.eu-central-1.amazonaws.com", "DERMALIA_S3_ENDPOINT"),
        ("DERMALIA_S3_BACKUP_ENDPOINT", "https://s3.example.org", "DERMALIA_S3_BACKUP_ENDPOINT"),
        ("DERMALIA_PUBLIC_URL", "http://localhost", "DERMALIA_PUBLIC_URL"),
        ("DERMALIA_MAIL_CARRIER", "resend", "DERMALIA_MAIL_CARRIER"),
    ],
)
def test_the_environment_leads_no_practices_server_astray(
    data: Path, name: str, value: str, says: str
) -> None:
    ended = started(data, **{name: value})
    assert ended.returncode != 0
    assert says in ended.stderr.splitlines()[-1]


def test_what_is_stored_is_read_again_and_is_private(data: Path, sound: LocalSetup) -> None:
    assert load(data) == sound
    assert (data / "local.json").stat().st_mode & 0o777 == 0o600
    (data / "local.json").chmod(0o644)
    with pytest.raises(EmbeddedError, match="readable by others"):
        load(data)


def test_a_folder_without_a_set_up_is_for_trying_out(tmp_path: Path) -> None:
    prepare(tmp_path / "data")
    assert load(tmp_path / "data") is None


def test_values_of_the_set_up_cannot_be_disputed(data: Path, sound: LocalSetup) -> None:
    decided = {**environment(data), **local_environment(sound)}
    given: dict[str, str] = {}
    require_undisputed(decided, given)
    assert given == decided
    require_undisputed(decided, given)
    with pytest.raises(EmbeddedError, match="DERMALIA_DATABASE_URL"):
        require_undisputed(decided, {"DERMALIA_DATABASE_URL": "postgres://db.example.org/x"})


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"address": "http://haut.example.org"}, "not an address like"),
        ({"address": "https://haut.example.org/reports"}, "not an address like"),
        ({"address": "https://haut.example.org:99999"}, "not an address like"),
        ({"address": "https://me:word@haut.example.org"}, "not an address like"),
        ({"address": "https://Haut.example.org"}, "small letters"),
        ({"address": "https://other.example.org"}, "is not for other.example.org"),
        ({"key": ""}, "belong together"),
        ({"certificate": "", "key": ""}, "proxy on this same machine"),
        ({"certificate": "/nowhere.pem"}, "not a certificate and its key"),
        ({"folder": "/nowhere"}, "is not a folder"),
        ({"copies": "/nowhere"}, "is the NAS mounted"),
        ({"mail_authority": "/nowhere"}, "no certificate of an authority"),
    ],
)
def test_what_could_not_work_or_be_safe_is_refused(
    sound: LocalSetup, change: dict[str, str], says: str
) -> None:
    require_sound(sound)
    with pytest.raises(EmbeddedError, match=says):
        require_sound(replace(sound, **change))  # type: ignore[arg-type]  # texts all


def test_a_key_of_another_certificate_is_refused(sound: LocalSetup, tmp_path: Path) -> None:
    other = certificate_for(tmp_path / "other.pem")
    with pytest.raises(EmbeddedError, match="not a certificate and its key"):
        require_sound(replace(sound, key=str(other)))


@pytest.mark.parametrize("below", ["", "deeper"])
def test_keys_are_not_copied_beside_what_they_open(
    sound: LocalSetup, tmp_path: Path, below: str
) -> None:
    place = tmp_path / "nas" / below
    place.mkdir(parents=True)
    with pytest.raises(EmbeddedError, match="must be apart"):
        require_sound(replace(sound, copies=str(tmp_path / "nas"), key_copies=str(place)))


def said(**options: object) -> Answers:
    return Answers(options)


def test_without_a_terminal_all_that_is_missing_is_named() -> None:
    with pytest.raises(SetupRefused, match="Please say --address, --folder"):
        setup_from(said(), None)
    with pytest.raises(SetupRefused, match="--certificate and --key, or say --behind-proxy"):
        setup_from(said(address="https://haut.example.org", folder="/exports"), None)


def test_at_a_terminal_what_no_flag_says_is_asked_once() -> None:
    asked: list[str] = []

    def ask(question: str) -> str:
        asked.append(question)
        return "owner@example.org"

    answers = Answers({"practice": "Demo practice"}, ask=ask)
    for _ in range(2):
        found = answers.require("practice", "owner")
    assert found == {"practice": "Demo practice", "owner": "owner@example.org"}
    assert len(asked) == 1


def test_the_port_follows_the_address_until_somebody_says_another() -> None:
    flags = {"folder": "/exports", "certificate": "/c.pem", "key": "/k.pem"}
    first = setup_from(said(address="https://haut.example.org:8443", **flags), None)
    assert (first.port, first.listen) == (8443, "0.0.0.0")  # noqa: S104
    moved = setup_from(said(address="https://haut.example.org"), first)
    assert moved.port == 443
    assert setup_from(said(port=9443), moved) == replace(moved, port=9443)
    assert setup_from(said(), moved) == moved


def test_behind_a_proxy_the_pages_are_on_loopback_alone() -> None:
    setup = setup_from(
        said(address="https://haut.example.org", folder="/exports", behind_proxy=True), None
    )
    assert (setup.listen, setup.port, setup.behind_proxy) == ("127.0.0.1", 8000, True)
    assert local_environment(setup)["DERMALIA_PROXIES"] == "1"
    with pytest.raises(SetupRefused, match="exclude each other"):
        setup_from(said(behind_proxy=True, certificate="/c.pem", key="/k.pem"), setup)


def test_a_password_file_that_cannot_be_read_is_named() -> None:
    with pytest.raises(SetupRefused, match="/nowhere"):
        said(smtp_password_file="/nowhere").password()


def test_a_flag_of_a_practices_server_is_not_ignored_without_it() -> None:
    with pytest.raises(CommandError, match="--smtp-host is for a practice's own server"):
        call_command("up", smtp_host="mail.example.org")


def test_every_flag_that_is_not_for_trying_out_is_known_as_one() -> None:
    parser = ArgumentParser()
    add_arguments(parser)  # type: ignore[arg-type]  # Django's adds nothing that matters here
    said = {action.dest: "x" for action in parser._actions} | {"local": None, "help": None}
    assert len(flags_given(said)) == len(said) - 2
