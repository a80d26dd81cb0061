"""Where the parts of an installation are, and how they are reached, is settled before it starts."""

import copy
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings as project
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from django.test import override_settings
from django.utils import timezone
from pytest_django import Settings

from dermalia.residency.announced import NOTICE
from dermalia.residency.checks import check_contracts, faults, require_sound_places
from dermalia.residency.endpoints import read_anew

COMPANY = {"entity": "Hosting GmbH", "country": "DE", "region": "eu-central-1"}
RELAY = {"entity": "Relay AG", "country": "DE"}


@pytest.fixture
def production(settings: Settings, databases: "Databases") -> Settings:
    """An installation whose parts are next door, and whose storage is at a company."""
    settings.EMBEDDED = False
    settings.HOSTING = dict.fromkeys(("hosting", "storage", "backup-storage"), COMPANY)
    settings.BACKUP_STORAGE_STATED = False
    settings.SANDBOX_ORIGINS = []
    settings.CELERY_BROKER_URL = "redis://:secret@redis:6379/0"
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": "redis://redis/1"}}
    databases(HOST="postgres")
    buckets(settings, "https://s3.eu-central-1.amazonaws.com")
    return settings


class Databases:
    """Says where the databases are; Django does not want that overridden like other settings."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch

    def __call__(self, **changes: object) -> None:
        for config in project.DATABASES.values():
            for name, value in changes.items():
                self._monkeypatch.setitem(config, name, value)
        read_anew()


@pytest.fixture
def databases(monkeypatch: pytest.MonkeyPatch) -> Iterator[Databases]:
    with monkeypatch.context() as patch:
        yield Databases(patch)
    read_anew()


def buckets(settings: Settings, endpoint: str, backups: str = "") -> None:
    storages = copy.copy(project.STORAGES)
    for name in ("objects", "checkpoints", "backup", "ledger"):
        url = backups if backups and name in {"backup", "ledger"} else endpoint
        options = {**storages[name]["OPTIONS"], "endpoint_url": url}
        storages[name] = {**storages[name], "OPTIONS": options}
    settings.STORAGES = storages


def said() -> list[str]:
    return [f"{fault.id} {fault.msg} {fault.hint}" for fault in faults()]


def test_a_sound_installation_has_nothing_to_complain_of(production: Settings) -> None:
    assert said() == []
    require_sound_places()


def test_this_machine_is_not_asked() -> None:
    assert said() == []
    assert check_contracts() == []


@pytest.mark.parametrize(
    ("endpoint", "says"),
    [
        ("https://s3.us-east-1.amazonaws.com", "residency.E001"),
        ("https://s3.eu-west-3.amazonaws.com", "which is in eu-west-3"),
        ("https://bucket.s3.cn-north-1.amazonaws.com.cn", "which is in cn-north-1"),
        ("https://s3.us-gov-west-1.amazonaws.com", "us-gov-west-1"),
        ("https://s3.amazonaws.com", "residency.E002"),
        ("https://s3-accelerate.amazonaws.com", "does not say its region"),
    ],
)
def test_a_bucket_elsewhere_is_named_with_what_to_set(
    production: Settings, endpoint: str, says: str
) -> None:
    buckets(production, endpoint)
    assert any(says in each and "DERMALIA_S3_ENDPOINT" in each for each in said())
    with pytest.raises(ImproperlyConfigured, match="DERMALIA_S3_ENDPOINT"):
        require_sound_places()


def test_a_database_queue_or_key_service_elsewhere_is_named(
    production: Settings, databases: Databases
) -> None:
    databases(
        HOST="demo.us-east-2.rds.amazonaws.com",
        OPTIONS={"sslmode": "verify-full"},
    )
    production.CELERY_BROKER_URL = "rediss://demo.ap-south-1.cache.example.org/0"
    production.KMS_ENDPOINT = "https://kms.us-west-2.amazonaws.com"
    found = " ".join(said())
    for variable in ("DERMALIA_DATABASE_URL", "DERMALIA_REDIS_URL", "DERMALIA_KMS_ENDPOINT"):
        assert variable in found
    assert "E003" not in found


@pytest.mark.parametrize("mode", ["", "disable", "prefer", "require"])
def test_what_leaves_the_network_must_be_encrypted(
    production: Settings, databases: Databases, mode: str
) -> None:
    databases(HOST="rows.example.org", OPTIONS={"sslmode": mode} if mode else {})
    production.CELERY_BROKER_URL = "redis://queue.example.org/0"
    buckets(production, "http://objects.example.org")
    found = " ".join(said())
    assert "rows.example.org are not encrypted" in found
    assert "?sslmode=verify-full" in found
    assert "rediss://" in found
    assert "name an https URL" in found


def test_an_address_is_no_name_next_door(production: Settings, databases: Databases) -> None:
    databases(HOST="192.0.2.7")
    assert [each for each in said() if "192.0.2.7 are not encrypted" in each]


def test_encrypted_and_verified_is_fine_wherever_it_is(
    production: Settings, databases: Databases
) -> None:
    databases(HOST="rows.example.org", OPTIONS={"sslmode": "verify-full"})
    production.CELERY_BROKER_URL = "rediss://queue.example.org/0"
    assert said() == []


def test_backups_at_another_endpoint_need_a_company_of_their_own(production: Settings) -> None:
    buckets(production, "https://a.eu-central-1.amazonaws.com", "https://b.example.org")
    assert ["E004" in each for each in said()] == [True]
    assert "DERMALIA_BACKUP_STORAGE_ENTITY" in said()[0]
    production.BACKUP_STORAGE_STATED = True
    assert said() == []


def test_a_contract_that_is_missing_is_a_warning_of_a_deployment(production: Settings) -> None:
    production.DPA_CONCLUDED = []
    (warning,) = check_contracts()
    assert "hosting=YYYY-MM-DD" in str(warning.hint)
    production.DPA_CONCLUDED = ["hosting=2026-05-01"]
    assert check_contracts() == []


def test_a_carrier_abroad_without_clauses_refuses_to_start(
    production: Settings, tmp_path: Path
) -> None:
    production.TRIAL = False
    (refusal,) = said()
    assert "Resend (Plus Five Five, Inc.), which is in US" in refusal
    assert "resend=MODULE=DAY=FILE" in refusal
    warned = {str(each.hint).split("add ")[1].split("=")[0] for each in check_contracts()}
    assert warned == {"hosting", "isemeco", "resend"}
    (tmp_path / "assessment.pdf").write_bytes(b"%PDF-")
    production.TRANSFER_CLAUSES = [f"resend=3=2026-05-20={tmp_path / 'assessment.pdf'}"]
    assert said() == []


def test_a_relay_waits_for_its_day(production: Settings) -> None:
    day = timezone.localdate() + timedelta(days=1)
    production.MAIL_CARRIER = "relay"
    production.MAIL_RELAY = {"host": "mail.example.org", "port": 587, **RELAY}
    assert said() == []
    production.ANNOUNCED = [f"relay=Relay AG=DE={day - NOTICE}={day}"]
    (refusal,) = said()
    assert "Relay AG, which is announced for a day to come" in refusal
    production.ANNOUNCED = [f"relay=Relay AG=DE={day - NOTICE}={day - timedelta(days=1)}"]
    with pytest.raises(ImproperlyConfigured, match="30 days"):
        said()


def test_django_runs_them(production: Settings) -> None:
    buckets(production, "https://s3.us-east-1.amazonaws.com")
    with override_settings(DPA_CONCLUDED=[]):
        found = {each.id for each in run_checks(tags=["residency"], include_deployment_checks=True)}
    assert found == {"residency.E001", "residency.W001"}
