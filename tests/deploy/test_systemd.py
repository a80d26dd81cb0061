"""The units start what the containers start, and are confined like them."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.deploy import installation
from tests.deploy.installation import DEPLOY

ANALYZE = shutil.which("systemd-analyze")
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
# A volume there, a folder that the units share here.
NUMBERS = ("/numbers", "/run/dermalia-numbers")
CONFINED = {
    "User": "dermalia",
    "CapabilityBoundingSet": "",
    "NoNewPrivileges": "yes",
    "ProtectSystem": "strict",
    "ProtectHome": "yes",
    "PrivateTmp": "yes",
    "PrivateDevices": "yes",
    "RestrictNamespaces": "yes",
    "RestrictAddressFamilies": "AF_INET AF_INET6 AF_UNIX",
    # Converting and typesetting confine their own children by seccomp.
    "SystemCallFilter": "@system-service seccomp",
}


def lines(unit: Path) -> list[tuple[str, str]]:
    pairs = (line.partition("=") for line in unit.read_text().splitlines() if "=" in line)
    return [(name, value) for name, _, value in pairs if not name.startswith("#")]


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_a_unit_is_confined(unit: Path) -> None:
    said = dict(lines(unit))
    assert {name: said.get(name) for name in CONFINED} == CONFINED
    assert {"MemoryMax", "TasksMax"} <= said.keys()


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_a_unit_starts_what_the_entrypoint_knows(unit: Path) -> None:
    script, part, *_ = dict(lines(unit))["ExecStart"].split()
    assert script == "/opt/dermalia/deploy/entrypoint"
    assert f"\n    {part})\n" in (DEPLOY / "entrypoint").read_text()


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_every_variable_is_one_that_somebody_reads(unit: Path) -> None:
    for variables in (value for name, value in lines(unit) if name == "Environment"):
        for name in re.findall(r"(DERMALIA_\w+)=", variables):
            assert installation.is_read(name)


def test_only_migrations_know_the_owner_of_the_tables() -> None:
    holders = [unit.stem for unit in UNITS if "OWNER_URL" in unit.read_text()]
    assert holders == ["dermalia-migrate"]


def test_secrets_are_those_of_the_containers() -> None:
    web = installation.services()["web"]["environment"]
    moved = {
        name: value.replace("/run/secrets/", "/etc/dermalia/secrets/").replace(*NUMBERS)
        for name, value in web.items()
    }
    assert installation.env_file(DEPLOY / "systemd" / "secrets.env") == moved


def test_backups_are_made_with_what_the_container_of_backups_has() -> None:
    given = installation.services()["worker-backup"]["environment"]
    common = installation.env_file(DEPLOY / "systemd" / "secrets.env")
    own = installation.env_file(DEPLOY / "systemd" / "backup.env")
    # Its folder is where systemd keeps a service's state, as the volume is the container's.
    moved = {
        name: value.replace("/run/secrets/", "/etc/dermalia/secrets/")
        .replace("/backup-keys/", "/var/lib/dermalia-backup/")
        .replace(*NUMBERS)
        for name, value in given.items()
    }
    assert common | own == moved | {
        name: value for name, value in common.items() if name not in moved
    }
    unit = (DEPLOY / "systemd" / "dermalia-backup.service").read_text()
    assert unit.index("systemd/secrets.env") < unit.index("systemd/backup.env")
    assert "StateDirectory=%p\n" in unit
    holders = [each.stem for each in UNITS if "systemd/backup.env" in each.read_text()]
    assert holders == ["dermalia-backup"]


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_every_unit_counts_where_metrics_reads_and_none_takes_it_away(unit: Path) -> None:
    said = dict(lines(unit))
    assert NUMBERS[1].removeprefix("/run/") in said["RuntimeDirectory"].split()
    assert said["RuntimeDirectoryPreserve"] == "yes"


def test_the_token_of_the_numbers_is_known_to_metrics_alone() -> None:
    holders = [unit.stem for unit in UNITS if "METRICS_TOKEN" in unit.read_text()]
    assert holders == ["dermalia-metrics"]


@pytest.mark.skipif(ANALYZE is None, reason="systemd-analyze is missing")
def test_systemd_understands_every_line() -> None:
    ended = subprocess.run(
        [str(ANALYZE), "verify", "--man=no", *UNITS],
        capture_output=True,
        text=True,
        check=False,
    )
    ours = [line for line in ended.stderr.splitlines() if str(DEPLOY) in line]
    # Where a line is not understood it says file:line.
    assert [line for line in ours if re.search(r"\.service:\d+:", line)] == []
