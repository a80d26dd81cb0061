"""Which root keys this installation works with."""

from dataclasses import dataclass
from functools import cache

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from dermalia.residency.egress import require_admitted
from dermalia.sealing.keyring import KeyringFile, RootKeys
from dermalia.sealing.kms import REGION, Credentials, Kms, keys_from
from dermalia.sealing.remembered import Remembered


@cache
def root_keys() -> RootKeys:
    """The root keys of this installation: its keyring file, its key management service, or both.

    Both is how an installation moves from one to the other: the versions differ, the service's
    wrap, and ``manage.py keys rewrap`` leaves nothing under the file's.

    Raises:
        ImproperlyConfigured: neither is there, or they claim the same version.
    """
    file = KeyringFile(settings.KEYRING_FILE) if settings.KEYRING_FILE else None
    service = _service() if settings.KMS_KEYS else None
    if file and service:
        return Both(file, service)
    chosen = service or file
    if chosen is None:
        raise ImproperlyConfigured("Name DERMALIA_KEYRING_FILE or DERMALIA_KMS_KEYS.")
    return chosen


@dataclass(frozen=True)
class Both:
    """A keyring file's versions to open, a service's to open and to wrap."""

    file: RootKeys
    service: RootKeys

    def __post_init__(self) -> None:
        twice = self.file.versions & self.service.versions
        if twice:
            raise ImproperlyConfigured(
                f"Root key version {min(twice)} is in the keyring file and in DERMALIA_KMS_KEYS."
            )

    @property
    def current(self) -> int:
        return self.service.current

    @property
    def versions(self) -> frozenset[int]:
        return self.file.versions | self.service.versions

    def wrap(self, key: bytes, *, bound_to: bytes) -> tuple[int, bytes]:
        return self.service.wrap(key, bound_to=bound_to)

    def unwrap(self, version: int, wrapped: bytes, *, bound_to: bytes) -> bytes:
        holder = self.file if version in self.file.versions else self.service
        return holder.unwrap(version, wrapped, bound_to=bound_to)

    def check(self) -> None:
        self.file.check()
        self.service.check()


def _service() -> RootKeys:
    endpoint = settings.KMS_ENDPOINT or f"https://kms.{REGION}.amazonaws.com"
    require_admitted(endpoint)
    credentials = Credentials(settings.KMS_ACCESS_KEY, settings.KMS_SECRET_KEY)
    return Remembered(Kms(keys_from(settings.KMS_KEYS), credentials, endpoint))
