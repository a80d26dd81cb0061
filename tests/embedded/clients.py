"""Clients of the servers, made from the settings other processes get."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, LiteralString
from urllib.parse import unquote

import boto3
import environ
import psycopg
import redis
from botocore.config import Config

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client


def postgres(
    settings: Mapping[str, str], name: str = "DERMALIA_DATABASE_OWNER_URL"
) -> psycopg.Connection[tuple[object, ...]]:
    """Connects with what django-environ makes of the URL."""
    database = environ.Env.db_url_config(settings[name])
    return psycopg.connect(
        dbname=database["NAME"],
        user=database["USER"],
        host=unquote(database["HOST"]),
        port=database["PORT"],
        autocommit=True,
    )


def query(
    settings: Mapping[str, str], statement: LiteralString, *values: object
) -> list[tuple[object, ...]]:
    """Executes one statement as the owner; the rows, if it gives any."""
    with postgres(settings) as connection:
        cursor = connection.execute(statement, values)
        return cursor.fetchall() if cursor.description else []


def cache(settings: Mapping[str, str]) -> "redis.Redis":
    return redis.Redis.from_url(settings["DERMALIA_CACHE_URL"])


def objects(settings: Mapping[str, str]) -> "S3Client":
    return boto3.client(
        "s3",
        endpoint_url=settings["DERMALIA_S3_ENDPOINT"],
        aws_access_key_id=settings["DERMALIA_S3_ACCESS_KEY"],
        aws_secret_access_key=settings["DERMALIA_S3_SECRET_KEY"],
        region_name=settings["DERMALIA_S3_REGION"],
        config=Config(
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            retries={"total_max_attempts": 1},
        ),
    )
