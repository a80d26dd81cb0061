"""Django's storages: one bucket for each thing that must not share its fate with another.

Reads the accounts of buckets from the environment, for the settings alone.
"""

from collections.abc import Mapping
from typing import Any

from botocore.config import Config as BotoConfig

from dermalia.environment import Environment

Storage = dict[str, Any]


def objects_at(
    *, name: str, endpoint: str, region: str, access_key: str, secret_key: str
) -> Storage:
    """Options of a storage on S3."""
    return {
        "bucket_name": name,
        "endpoint_url": endpoint,
        "access_key": access_key,
        "secret_key": secret_key,
        "region_name": region,
        # One slow call must not eat an erasure's minute; our sealing authenticates bytes.
        "client_config": BotoConfig(
            connect_timeout=5,
            read_timeout=20,
            proxies={},  # the environment's would be a way around the register
            retries={"max_attempts": 3, "mode": "standard"},
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            s3={"addressing_style": "path"},
        ),
    }


def storages(
    env: Environment,
    *,
    embedded: bool,
    data: Mapping[str, str],
    checkpoints: str,
    backup: Mapping[str, str],
    backup_region: str,
) -> dict[str, Storage]:
    """``STORAGES``.

    Args:
        embedded: whether the services come from wheels, and static files as they are.
        data: ``name``, ``region``, ``access_key`` and ``secret_key`` of the bucket of objects; the
            others are of the same account unless the environment names one of their own.
        checkpoints: the bucket that vouches for the log.
        backup: alias → bucket of what outlives the database, possibly at another endpoint.
        backup_region: where those are.
    """
    endpoint = env("DERMALIA_S3_ENDPOINT")
    elsewhere = env("DERMALIA_S3_BACKUP_ENDPOINT", default="") or endpoint

    def account(which: str) -> dict[str, str]:
        return {
            "access_key": env(f"DERMALIA_S3_{which}_ACCESS_KEY", default=data["access_key"]),
            "secret_key": env(f"DERMALIA_S3_{which}_SECRET_KEY", default=data["secret_key"]),
        }

    guarded = "dermalia.residency.storage.GuardedStorage"
    return {
        "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
        "staticfiles": {
            "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
            if embedded
            else "whitenoise.storage.CompressedManifestStaticFilesStorage"
        },
        "objects": {
            "BACKEND": "dermalia.sealing.storage.SealedStorage",
            "OPTIONS": objects_at(endpoint=endpoint, **data),
        },
        "checkpoints": {
            "BACKEND": guarded,
            "OPTIONS": objects_at(
                name=checkpoints,
                endpoint=endpoint,
                region=data["region"],
                **account("CHECKPOINT"),
            ),
        },
        **{
            alias: {
                "BACKEND": guarded,
                "OPTIONS": objects_at(
                    name=name, endpoint=elsewhere, region=backup_region, **account(alias.upper())
                ),
            }
            for alias, name in backup.items()
        },
    }
