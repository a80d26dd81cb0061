"""Production refuses to start on nonsense, in words an operator can act on."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings as project

pytestmark = pytest.mark.processes

PRODUCTION = {
    "DERMALIA_MODE": "production",
    "DERMALIA_SECRET_KEY": "s" * 50,
    "DERMALIA_LINK_PEPPER": "p" * 50,
    "DERMALIA_KEYRING_FILE": "/run/secrets/keyring",
    "DERMALIA_AUDIT_SIGNING_KEY_FILE": "/run/secrets/audit-signing-key",
    "DERMALIA_PUBLIC_URL": "https://dermalia.example.org",
    "DERMALIA_HOSTS": "dermalia.example.org",
    "DERMALIA_DATABASE_URL": "postgres://dermalia_app@db/dermalia",
    "DERMALIA_DATABASE_SWEEPER_URL": "postgres://dermalia_sweeper@db/dermalia",
    "DERMALIA_DATABASE_REGION": "eu-central-1",
    "DERMALIA_REDIS_URL": "redis://cache:6379/0",
    "DERMALIA_CACHE_URL": "redis://cache:6379/1",
    "DERMALIA_REDIS_REGION": "eu-central-1",
    "DERMALIA_WORKER_REGION": "eu-central-1",
    "DERMALIA_S3_ENDPOINT": "https://s3.eu-central-1.amazonaws.com",
    "DERMALIA_S3_BUCKET": "dermalia",
    "DERMALIA_S3_CHECKPOINT_BUCKET": "dermalia-checkpoints",
    "DERMALIA_S3_BACKUP_BUCKET": "dermalia-backups",
    "DERMALIA_S3_LEDGER_BUCKET": "dermalia-ledger",
    "DERMALIA_BACKUP_RECIPIENTS_FILE": "/run/secrets/backup-recipients.json",
    "DERMALIA_S3_ACCESS_KEY": "access",
    "DERMALIA_S3_SECRET_KEY": "secret",
    "DERMALIA_S3_REGION": "eu-central-1",
    "DERMALIA_HOSTING_ENTITY": "Hosting GmbH",
    "DERMALIA_HOSTING_COUNTRY": "DE",
    "DERMALIA_RESEND_API_KEY": "re_key",
}


def start(changes: dict[str, str | None]) -> subprocess.CompletedProcess[str]:
    """Load the settings and the applications in a process of their own."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("DERMALIA_")}
    wanted = {name: value for name, value in {**PRODUCTION, **changes}.items() if value is not None}
    code = "import django; django.setup()"
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**env, **wanted, "DJANGO_SETTINGS_MODULE": "dermalia.settings"},
        cwd=project.BASE_DIR,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_complete_environment_starts() -> None:
    assert start({}).stderr == ""


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"DERMALIA_MODE": None}, "DERMALIA_MODE"),
        ({"DERMALIA_MODE": "prod"}, "must be embedded or production"),
        ({"DERMALIA_SECRET_KEY": None}, "DERMALIA_SECRET_KEY"),
        ({"DERMALIA_SECRET_KEY": "short"}, "at least 32 characters"),
        ({"DERMALIA_LINK_PEPPER": None}, "DERMALIA_LINK_PEPPER"),
        ({"DERMALIA_KEYRING_FILE": None}, "DERMALIA_KEYRING_FILE"),
        ({"DERMALIA_AUDIT_SIGNING_KEY_FILE": None}, "DERMALIA_AUDIT_SIGNING_KEY_FILE"),
        ({"DERMALIA_S3_CHECKPOINT_BUCKET": None}, "DERMALIA_S3_CHECKPOINT_BUCKET"),
        ({"DERMALIA_S3_CHECKPOINT_BUCKET": "dermalia"}, "bucket of its own"),
        ({"DERMALIA_S3_BACKUP_BUCKET": "dermalia"}, "bucket of its own"),
        ({"DERMALIA_S3_LEDGER_BUCKET": "dermalia-backups"}, "bucket of its own"),
        ({"DERMALIA_S3_BACKUP_REGION": "us-east-1"}, "backup storage in 'us-east-1'"),
        ({"DERMALIA_BACKUP_RECIPIENTS_FILE": None}, "DERMALIA_BACKUP_RECIPIENTS_FILE"),
        ({"DERMALIA_BACKUP_KEYSTORE_DAYS": "1"}, "must be at least 2"),
        ({"DERMALIA_DEBUG": "true"}, "DERMALIA_DEBUG"),
        ({"DERMALIA_CONVERSION_PROCESSORS": "-1"}, "DERMALIA_CONVERSION_PROCESSORS must be 0"),
        ({"DERMALIA_PUBLIC_URL": "http://dermalia.example.org"}, "https"),
        ({"DERMALIA_ADMIN_URL": "http://admin.example.org"}, "must be an https address"),
        ({"DERMALIA_ADMIN_URL": "https://dermalia.example.org"}, "on a host of its own"),
        ({"DERMALIA_ADMIN_URL": "https://example.org"}, "on a host of its own"),
        ({"DERMALIA_ADMIN_URL": "https://admin.example.org"}, "DERMALIA_DATABASE_ADMIN_URL"),
        ({"DERMALIA_RESEND_API_KEY": None}, "DERMALIA_RESEND_API_KEY"),
        ({"DERMALIA_SANDBOX_ORIGINS": "http://127.0.0.1:1"}, "DERMALIA_SANDBOX_ORIGINS"),
        ({"DERMALIA_S3_REGION": "us-east-1"}, "object storage in 'us-east-1'"),
        ({"DERMALIA_DATABASE_REGION": "cn-north-1"}, "database in 'cn-north-1'"),
        ({"DERMALIA_REDIS_REGION": None}, "DERMALIA_REDIS_REGION"),
        ({"DERMALIA_WORKER_REGION": "eu-west-1"}, "workers in 'eu-west-1'"),
        ({"DERMALIA_HOSTING_ENTITY": None}, "DERMALIA_HOSTING_ENTITY must be the company"),
        ({"DERMALIA_HOSTING_COUNTRY": "US"}, "DERMALIA_HOSTING_COUNTRY its country in the EEA"),
        ({"DERMALIA_STORAGE_COUNTRY": "US"}, "DERMALIA_STORAGE_COUNTRY its country in the EEA"),
        (
            {"DERMALIA_BACKUP_STORAGE_COUNTRY": "CN"},
            "DERMALIA_BACKUP_STORAGE_COUNTRY its country in the EEA",
        ),
    ],
)
def test_nonsense_refuses_to_start(changes: dict[str, str | None], says: str) -> None:
    ended = start(changes)
    assert ended.returncode != 0
    assert says in ended.stderr.splitlines()[-1]


def test_a_secret_can_be_a_file(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("f" * 50)
    changes = {"DERMALIA_SECRET_KEY": None, "DERMALIA_SECRET_KEY_FILE": str(file)}
    assert start(changes).returncode == 0
