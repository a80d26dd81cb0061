"""What this installation really has on: a measure that is off is printed nowhere.

A probe looks at settings only. It must say the same in every process, or a text would have another
digest there, and ask no database, as the newest edition is looked for with every page of an owner.
What holds at every installation, because no setting turns it off, needs no probe and stands in the
texts as it is.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from types import MappingProxyType

from django.conf import settings

from dermalia.residency.register import services
from onboarding.domain.evidence import concluded

Probe = Callable[[], bool]
_HALF_A_YEAR = timedelta(days=182).total_seconds()


def _no_password_alone() -> bool:
    return list(settings.AUTHENTICATION_BACKENDS) == ["practices.backends.LinkBackend"]


def _https_only() -> bool:
    return bool(settings.SECURE_SSL_REDIRECT) and settings.SECURE_HSTS_SECONDS >= _HALF_A_YEAR


def _cookies_by_https_only() -> bool:
    return bool(settings.SESSION_COOKIE_SECURE and settings.CSRF_COOKIE_SECURE)


def _database_by_tls() -> bool:
    mode = settings.DATABASES["default"].get("OPTIONS", {}).get("sslmode", "")
    return mode in {"verify-ca", "verify-full"}


def _egress_without_exception() -> bool:
    return not settings.SANDBOX_ORIGINS


def _keys_in_a_service() -> bool:
    return bool(settings.KMS_KEYS) and settings.KEYRING_FILE is None


def _keys_in_a_file() -> bool:
    return settings.KEYRING_FILE is not None


def _checkpoints_under_an_account_of_their_own() -> bool:
    return _account("checkpoints") != _account("objects")


def _backups_under_an_account_of_their_own() -> bool:
    return _account("backup") != _account("objects")


def _backups_elsewhere() -> bool:
    return _endpoint("backup") != _endpoint("objects")


def _restores_are_practised() -> bool:
    return bool(settings.DRILL_DATABASE) and settings.DRILL_DAYS > 0


def _admin_on_its_own_host() -> bool:
    return bool(settings.ADMIN_HOST)


def _contracts_with_all() -> bool:
    return {service.key for service in services()} <= set(concluded())


def _account(storage: str) -> str:
    return str(settings.STORAGES[storage]["OPTIONS"]["access_key"])


def _endpoint(storage: str) -> str:
    return str(settings.STORAGES[storage]["OPTIONS"]["endpoint_url"])


# By the name that templates ask for: {% if "https" in measures %}.
PROBES: Mapping[str, Probe] = MappingProxyType(
    {
        "second-factor": _no_password_alone,
        "https": _https_only,
        "secure-cookies": _cookies_by_https_only,
        "database-tls": _database_by_tls,
        "egress": _egress_without_exception,
        "key-service": _keys_in_a_service,
        "key-file": _keys_in_a_file,
        "log-apart": _checkpoints_under_an_account_of_their_own,
        "backup-account": _backups_under_an_account_of_their_own,
        "backup-elsewhere": _backups_elsewhere,
        "drill": _restores_are_practised,
        "admin-host": _admin_on_its_own_host,
        "contracts": _contracts_with_all,
    }
)


def measures_on() -> frozenset[str]:
    """The names of all measures that are on."""
    return frozenset(name for name, probe in PROBES.items() if probe())
