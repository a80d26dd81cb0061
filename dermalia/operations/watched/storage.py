"""Objects: put, read, deleted for good; and rules of the bucket that work against us."""

import os
from typing import Any

from botocore.exceptions import ClientError
from django.conf import settings
from django.core.files.storage import storages

from dermalia.operations.doctor import NotHere, Trouble, check
from dermalia.sealing import objects

# What servers say that know no such question: for trials, and on premises.
_NOT_ASKED = {"NotImplemented", "MethodNotAllowed", "XNotImplemented", "InvalidBucketState"}
_NONE = "NoSuchLifecycleConfiguration"
_OURS = ("objects", "checkpoints", "backup", "ledger")


@check(
    "storage",
    do="See whether the bucket of DERMALIA_S3_BUCKET is there and the account may use it.",
)
def objects_come_and_go() -> str:
    """By the ways that reports go; what a crash leaves here the reconciler takes for an orphan."""
    client, bucket = _client("objects")
    prefix = objects.new_prefix()
    name, content = objects.new_name(prefix), os.urandom(64)
    try:
        client.put_object(Bucket=bucket, Key=name, Body=content)
        if client.get_object(Bucket=bucket, Key=name)["Body"].read() != content:
            raise Trouble("what was read is not what was put")
    finally:
        objects.delete_prefix(prefix)
    if not objects.is_empty(prefix):
        raise Trouble(
            "something is left of what was deleted",
            do="Allow ListBucketVersions and DeleteObjectVersion: no erasure can be verified so.",
        )
    return f"{bucket}: put, read, deleted with every version"


@check("versions", do="Turn versioning off or on for good; while suspended old versions stay.")
def versioning_is_settled() -> str:
    client, bucket = _client("objects")
    state = str(_asked(client.get_bucket_versioning, bucket).get("Status", "off"))
    if state == "Suspended":
        raise Trouble(f"{bucket} has its versioning suspended")
    return f"{state.lower()}; an erasure deletes every version"


@check("lifecycle", do="Remove that rule: only retention decides when an object goes.")
def nothing_expires_by_itself() -> str:
    client, bucket = _client("objects")
    try:
        found = _asked(client.get_bucket_lifecycle_configuration, bucket)
    except ClientError as error:
        if error.response["Error"]["Code"] == _NONE:
            return "no rules"
        raise
    rules: list[dict[str, Any]] = [
        r for r in found.get("Rules", []) if r.get("Status") == "Enabled"
    ]
    for rule in rules:
        if {"Expiration", "Transition", "Transitions"} & rule.keys():
            raise Trouble(f"the rule {rule.get('ID', '?')!r} of {bucket} takes objects away")
    return f"{len(rules)} rules, none takes an object away"


@check("buckets", do="Make the bucket, or let the account of its settings list it.")
def every_bucket_is_there() -> str:
    missing = []
    for alias in _OURS:
        client, bucket = _client(alias)
        try:
            client.head_bucket(Bucket=bucket)
        except ClientError as error:
            missing.append(f"{bucket} ({error.response['Error']['Code']})")
    if missing:
        raise Trouble(f"not to be reached: {', '.join(missing)}")
    return f"{len(_OURS)} of {len(_OURS)}, data declared in {settings.S3_REGION}"


def _asked(question: Any, bucket: str) -> dict[str, Any]:
    try:
        answer: dict[str, Any] = question(Bucket=bucket)
    except ClientError as error:
        status = error.response["ResponseMetadata"].get("HTTPStatusCode")
        if error.response["Error"]["Code"] in _NOT_ASKED or status in {405, 409, 501}:
            raise NotHere("this server knows no such rules: for trials, or on premises") from error
        raise
    return answer


def _client(alias: str) -> tuple[Any, str]:
    storage: Any = storages[alias]
    return storage.connection.meta.client, str(storage.bucket_name)
