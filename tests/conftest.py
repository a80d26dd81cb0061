"""Real Postgres, Redis and S3 for every test, from wheels, in a folder of the run's own."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connections
from pytest_django import DjangoDbBlocker

from dermalia.embedded import Services, database_url
from dermalia.tenancy import practice_scope
from practices.domain.tenants import create_practice
from practices.models import Practice, User
from tests.environment import DATA

CLONE = "dermalia_test"


@pytest.fixture(scope="session")
def services() -> Iterator[Services]:
    """Postgres, Redis and S3, running and not synced to disk."""
    with Services(DATA, durable=False) as running:
        yield running


@pytest.fixture(scope="session")
def django_db_setup(services: Services, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Migrate once, as the owner; tests work on a clone, as the application's role."""
    with django_db_blocker.unblock():
        call_command("setup_database", verbosity=0)
        connections.close_all()
        for alias in connections:
            settings.DATABASES[alias]["NAME"] = CLONE
            connections[alias].settings_dict["NAME"] = CLONE
        clone_database()
    yield
    with django_db_blocker.unblock():
        connections.close_all()


@pytest.fixture
def committed(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """A database where commits are real, for tests of several connections or processes."""
    with django_db_blocker.unblock():
        yield
        connections.close_all()
        clone_database()


@pytest.fixture
def practice(db: None) -> Practice:
    return create_practice(name="Demo practice", email="practice@example.org")


@pytest.fixture
def other_practice(db: None) -> Practice:
    return create_practice(name="Another practice", email="another@example.org")


@pytest.fixture
def staff_user(practice: Practice) -> User:
    return User.objects.create(email="staff@example.org", practice=practice, role=User.Role.OWNER)


@pytest.fixture
def scope(practice: Practice) -> Iterator[None]:
    """Inside the practice's scope."""
    with practice_scope(practice.pk):
        yield


def superuser_connection() -> psycopg.Connection[tuple[object, ...]]:
    """A connection that no policy holds back, to look behind the application's back."""
    return psycopg.connect(database_url(DATA, "postgres", CLONE), autocommit=True)


def clone_database() -> None:
    """Replace the clone by a fresh copy of the migrated, empty database."""
    with psycopg.connect(database_url(DATA, "postgres", "postgres"), autocommit=True) as server:
        server.execute(f"DROP DATABASE IF EXISTS {CLONE} WITH (FORCE)")
        server.execute(f"CREATE DATABASE {CLONE} TEMPLATE dermalia OWNER dermalia_owner")


def scans_folder() -> Path | None:
    """Real scans to test with, where somebody has put them (``DERMALIA_SCANS``)."""
    import os

    beside = Path(settings.BASE_DIR).parent / "shared" / "scans"
    folder = Path(os.environ.get("DERMALIA_SCANS", beside))
    return folder if folder.is_dir() else None
