"""A measure is printed where it is on, and nowhere where it is off."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from lxml import html as markup
from pytest_django import Settings

from dermalia.residency.register import services
from documents.domain.catalogue import LANGUAGES
from onboarding.domain.measures import PROBES, measures_on
from onboarding.domain.texts import current_text


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", PROBES)
def test_a_measure_that_is_off_is_printed_nowhere(
    db: None, monkeypatch: pytest.MonkeyPatch, language: str, name: str
) -> None:
    def lines(on: frozenset[str]) -> list[str]:
        monkeypatch.setattr("onboarding.domain.facts.measures_on", lambda: on)
        body = markup.fragment_fromstring(current_text("measures", language).body, "div")
        return [str(item.text_content()) for item in body.iter("li")]

    everything = frozenset(PROBES)
    full, less = lines(everything), lines(everything - {name})
    assert len(full) == len(less) + 1
    assert set(less) < set(full)


Switch = Callable[[Settings, pytest.MonkeyPatch], None]


def _storage(name: str, option: str, value: str) -> Switch:
    def change(settings: Settings, _: pytest.MonkeyPatch) -> None:
        one = settings.STORAGES[name]
        changed = {**one, "OPTIONS": {**one["OPTIONS"], option: value}}
        settings.STORAGES = {**settings.STORAGES, name: changed}

    return change


def _set(**values: Any) -> Switch:
    def change(settings: Settings, _: pytest.MonkeyPatch) -> None:
        for name, value in values.items():
            setattr(settings, name, value)

    return change


def _database(**options: str) -> Switch:
    def change(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(settings.DATABASES["default"], "OPTIONS", options)

    return change


def _concluded(settings: Settings, _: pytest.MonkeyPatch) -> None:
    settings.DPA_CONCLUDED = [f"{one.key}=2026-01-01" for one in services()]


# What turns each measure on, and what turns it off.
SWITCHES: dict[str, tuple[Switch, Switch]] = {
    "second-factor": (
        _set(),
        _set(AUTHENTICATION_BACKENDS=["django.contrib.auth.backends.ModelBackend"]),
    ),
    "https": (
        _set(SECURE_SSL_REDIRECT=True, SECURE_HSTS_SECONDS=63_072_000),
        _set(SECURE_SSL_REDIRECT=True, SECURE_HSTS_SECONDS=60),
    ),
    "secure-cookies": (
        _set(SESSION_COOKIE_SECURE=True, CSRF_COOKIE_SECURE=True),
        _set(SESSION_COOKIE_SECURE=True, CSRF_COOKIE_SECURE=False),
    ),
    "database-tls": (_database(sslmode="verify-full"), _database(sslmode="require")),
    "egress": (_set(SANDBOX_ORIGINS=[]), _set(SANDBOX_ORIGINS=["http://127.0.0.1:1"])),
    "key-service": (
        _set(KMS_KEYS="a key", KEYRING_FILE=None),
        _set(KMS_KEYS="a key", KEYRING_FILE=Path("keyring")),
    ),
    "key-file": (_set(KEYRING_FILE=Path("keyring")), _set(KEYRING_FILE=None)),
    "log-apart": (
        _storage("checkpoints", "access_key", "another"),
        _storage("checkpoints", "access_key", "the same"),
    ),
    "backup-account": (
        _storage("backup", "access_key", "another"),
        _storage("backup", "access_key", "the same"),
    ),
    "backup-elsewhere": (
        _storage("backup", "endpoint_url", "https://another"),
        _storage("backup", "endpoint_url", "https://the-same"),
    ),
    "drill": (_set(DRILL_DATABASE="postgres://drill"), _set(DRILL_DATABASE="")),
    "contracts": (_concluded, _set(DPA_CONCLUDED=["isemeco=2026-01-01"])),
    "admin-host": (_set(ADMIN_HOST="admin.example"), _set(ADMIN_HOST="")),
}


def test_every_probe_has_a_switch_here() -> None:
    assert set(SWITCHES) == set(PROBES)


@pytest.mark.parametrize("name", PROBES)
def test_a_probe_says_what_the_settings_say(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    _storage("objects", "access_key", "the same")(settings, monkeypatch)
    _storage("objects", "endpoint_url", "https://the-same")(settings, monkeypatch)
    on, off = SWITCHES[name]
    on(settings, monkeypatch)
    assert name in measures_on()
    off(settings, monkeypatch)
    assert name not in measures_on()
