"""docker-compose.yml keeps what docs/install.md promises, in every service."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from celery import current_app
from django.conf import settings

from dermalia.work.checks import our_tasks
from dermalia.work.steps import queue_of
from tests.deploy import installation
from tests.deploy.installation import DEPLOY, ROOT

SERVICES = sorted(installation.services())
OURS = sorted(installation.ours())
# Hands a new volume over to who uses it, and ends; it has no network.
ROOT_FOR_A_MOMENT = "caddy-volume"
WORKERS = {f"worker-{queue}" for queue in ("ingest", "convert", "mail", "erase", "backup")}
GOES_OUT = {"web", "metrics", *WORKERS}
ONE_SHOT = {"migrate", ROOT_FOR_A_MOMENT}
# The proxy's program wants to bind low ports, the other one to hand a folder over.
CAPABILITIES = {"caddy": ["NET_BIND_SERVICE"], ROOT_FOR_A_MOMENT: ["CHOWN"]}


def of(name: str) -> dict[str, Any]:
    return installation.services()[name]


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_confined(name: str) -> None:
    service = of(name)
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service.get("cap_add", []) == CAPABILITIES.get(name, [])
    assert not {"privileged", "devices", "pid", "ipc", "userns_mode"} & service.keys()
    assert not any("docker.sock" in volume for volume in service.get("volumes", []))


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_has_a_user_who_is_not_root(name: str) -> None:
    user, group = of(name)["user"].split(":")
    if name == ROOT_FOR_A_MOMENT:
        assert of(name)["network_mode"] == "none"
        return
    assert int(user) > 0
    assert int(group) > 0


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_has_limits_and_ends_in_order(name: str) -> None:
    service = of(name)
    assert re.fullmatch(r"\d+[mg]", service["mem_limit"])
    assert 0 < service["cpus"] <= 4
    assert 0 < service["pids_limit"] <= 512
    assert service["restart"] == ("no" if name in ONE_SHOT else "unless-stopped")
    if name not in ONE_SHOT:
        assert service["healthcheck"]["test"][0] in {"CMD", "CMD-SHELL"}
        assert {"interval", "timeout", "start_period", "retries"} <= service["healthcheck"].keys()
        assert seconds(service["stop_grace_period"]) >= 10


def test_a_worker_is_given_longer_than_it_gives_its_tasks() -> None:
    workers = [service for name, service in installation.services().items() if "worker" in name]
    for service in workers:
        assert seconds(service["stop_grace_period"]) > settings.WORK_GRACE_SECONDS * 2


@pytest.mark.parametrize("name", SERVICES)
def test_an_image_is_an_exact_version(name: str) -> None:
    image = of(name)["image"]
    if "build" in of(name):
        assert image == "dermalia:${DERMALIA_VERSION:-local}"
    else:
        assert re.fullmatch(r"[a-z]+:\d+\.\d+(\.\d+)?-[a-z]+", image)


def test_the_proxy_alone_is_published() -> None:
    published = {name for name, each in installation.services().items() if "ports" in each}
    assert published == {"caddy"}


def test_only_web_workers_and_numbers_reach_the_world_from_within() -> None:
    networks = installation.compose()["networks"]
    open_ones = {name for name, each in networks.items() if not each.get("internal")}
    reach = {
        name for name, each in installation.services().items()
        if open_ones & set(each.get("networks", []))
    }  # fmt: skip
    assert reach == GOES_OUT | {"caddy"}
    assert not {"inside", "out"} & set(of("caddy")["networks"])
    for name in SERVICES:
        assert "networks" in of(name) or of(name).get("network_mode") == "none"


@pytest.mark.parametrize("name", SERVICES)
def test_no_secret_stands_in_the_environment(name: str) -> None:
    given = installation.environment(of(name), Path("/run/secrets"))
    for variable, value in given.items():
        if variable == "DERMALIA_BACKUP_KEYS":  # a folder in a volume
            continue
        if re.search(r"SECRET|PASSWORD|PEPPER|TOKEN|_KEY|ACCESS|DATABASE_URL|REDIS_URL", variable):
            assert variable.endswith("_FILE")
            assert value.startswith("/run/secrets/")
        assert not re.search(r"://[^/]*:[^/]*@", value)


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_gets_the_secrets_it_names_and_no_others(name: str) -> None:
    given = installation.environment(of(name), Path("/run/secrets"))
    named = {Path(value).name for value in given.values() if value.startswith("/run/secrets/")}
    if name == "redis":
        named.add("redis_password")  # included by redis.conf
    assert set(of(name).get("secrets", [])) == named
    assert named <= installation.compose()["secrets"].keys()


@pytest.mark.parametrize(
    ("secret", "holders"),
    [
        # The drill fills a database of its own, of the same owner, and empties it.
        ("database_owner_url", {"migrate", "worker-backup"}),
        ("database_backup_url", {"worker-backup"}),
        ("database_keystore_backup_url", {"worker-backup"}),
        ("database_admin_url", {"web", "worker-mail"}),
        ("metrics_token", {"metrics"}),
    ],
)
def test_a_powerful_role_is_known_to_those_who_need_it(secret: str, holders: set[str]) -> None:
    found = {
        name for name, each in installation.services().items()
        if secret in each.get("secrets", [])
    }  # fmt: skip
    assert found == holders


def test_private_keys_of_backups_are_in_a_volume_of_one_service() -> None:
    holders = {
        name for name in SERVICES
        if any(mount.startswith("backup-keys:") for mount in of(name).get("volumes", []))
    }  # fmt: skip
    assert holders == {"worker-backup"}
    given = of("worker-backup")["environment"]
    for variable in ("DERMALIA_BACKUP_KEYS", "DERMALIA_BACKUP_RECIPIENTS_FILE"):
        assert given[variable].startswith("/backup-keys/")
    # A volume that is new takes over owner and mode of the image's folder.
    assert (
        "--owner=10001 --group=10001 --mode=0700 /objects /backup-keys"
        in (ROOT / "Dockerfile").read_text()
    )


def test_everybody_counts_in_one_folder_in_memory_that_metrics_reads() -> None:
    counting = {"web", "beat", "migrate", "metrics", *WORKERS}
    for name in SERVICES:
        mounted = "numbers:/numbers" in of(name).get("volumes", [])
        told = of(name).get("environment", {}).get("DERMALIA_METRICS_DIR") == "/numbers"
        assert mounted == told == (name in counting), name
    options = installation.compose()["volumes"]["numbers"]["driver_opts"]
    assert (options["type"], options["device"]) == ("tmpfs", "tmpfs")
    assert {"uid=10001", "gid=10001", "mode=0700"} <= set(options["o"].split(","))


def test_numbers_are_shown_to_a_network_of_their_own() -> None:
    """Whoever scrapes joins it, and reaches neither rows nor queues from there."""
    assert installation.compose()["networks"]["watch"]["internal"] is True
    assert {name for name in SERVICES if "watch" in of(name).get("networks", [])} == {"metrics"}


def test_secrets_lie_where_git_and_the_image_do_not_look() -> None:
    for secret in installation.compose()["secrets"].values():
        assert secret["file"].startswith("deploy/secrets/")
    ignored = (ROOT / ".gitignore").read_text().splitlines()
    assert {"/deploy/secrets/", "/deploy/settings.env", "/deploy/admin.env"} <= set(ignored)
    assert (ROOT / ".dockerignore").read_text().splitlines()[1] == "*"


@pytest.mark.parametrize("name", OURS)
def test_every_variable_is_one_that_somebody_reads(name: str) -> None:
    given = installation.environment(of(name), Path("/run/secrets"))
    unknown = [each for each in given if not installation.is_read(each)]
    assert not unknown


@pytest.mark.parametrize("name", OURS)
def test_a_command_is_one_the_entrypoint_knows(name: str) -> None:
    command = of(name)["command"]
    script = (DEPLOY / "entrypoint").read_text()
    assert f"\n    {command[0]})\n" in script


def test_every_queue_has_a_worker_of_its_own() -> None:
    worked = [
        each["command"][1] for each in installation.services().values()
        if each.get("command", [""])[0] == "worker"
    ]  # fmt: skip
    current_app.autodiscover_tasks(force=True)
    wanted = {queue_of(current_app, task.name) for task in our_tasks(current_app)}
    assert sorted(worked) == sorted(wanted)


def test_mounted_files_exist() -> None:
    volumes = installation.compose()["volumes"]
    for name in SERVICES:
        for mount in of(name).get("volumes", []):
            source, target, *mode = mount.split(":")
            assert target.startswith("/")
            if source.startswith("./"):
                assert (ROOT / source).exists(), source
                assert mode == ["ro"]
            else:
                assert source in volumes


def test_what_a_service_waits_for_can_come_true() -> None:
    for name in SERVICES:
        for other, when in of(name).get("depends_on", {}).items():
            if when["condition"] == "service_healthy":
                assert "healthcheck" in of(other)
            else:
                assert when == {"condition": "service_completed_successfully"}
                assert other in ONE_SHOT
            assert "profiles" not in of(other)


@pytest.mark.parametrize(
    ("name", "admin", "more"),
    [
        ("web", False, []),
        ("web", True, ["admin"]),
        ("worker-mail", True, ["admin"]),
        ("worker-erase", True, []),
        ("metrics", False, []),
        ("worker-backup", False, ["owner", "backup", "keystore_backup"]),
        ("migrate", False, ["owner"]),
    ],
)
def test_the_settings_accept_what_a_service_is_given(
    name: str, admin: bool, more: list[str], tmp_path: Path
) -> None:
    secrets = tmp_path / "secrets"
    subprocess.run([DEPLOY / "make-secrets", secrets], check=True, capture_output=True)
    (secrets / "resend_api_key").chmod(0o600)
    (secrets / "resend_api_key").write_text("re_for_this_test\n")
    assessment = tmp_path / "resend.pdf"
    assessment.write_bytes(b"%PDF-")
    code = (
        "import django; django.setup()\n"
        "from django.conf import settings\n"
        "from dermalia.residency.checks import require_sound_places\n"
        "require_sound_places()\n"
        "print(*settings.DATABASES, settings.RESEND_API_KEY)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code],
        env={
            "PATH": "/usr/bin:/bin",
            "DERMALIA_MODE": "production",
            "DJANGO_SETTINGS_MODULE": "dermalia.settings",
            **installation.environment(of(name), secrets, optional=admin),
            "DERMALIA_METRICS_DIR": str(tmp_path / "numbers"),  # a volume, there
            "DERMALIA_SCC": f"resend=3=2026-05-20={assessment}",
        },
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.stderr == ""
    assert ended.stdout.split() == ["default", "sweeper", *more, "re_for_this_test"]


def test_redis_refuses_rather_than_forgets() -> None:
    lines = (DEPLOY / "redis.conf").read_text().splitlines()
    assert "maxmemory-policy noeviction" in lines
    assert "appendonly yes" in lines
    assert "include /run/secrets/redis_password" in lines


def seconds(duration: str) -> int:
    number, unit = int(duration[:-1]), duration[-1]
    return number * {"s": 1, "m": 60}[unit]
