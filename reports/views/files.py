"""Sending sealed files to a browser, whole or by range, from our own origin."""

import logging
import re
from collections.abc import Iterator
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404

from audit.access import Look, record_access
from audit.chain import SYSTEM, Who, record
from audit.words import Action
from dermalia.sealing import objects
from dermalia.sealing.chunks import SealBroken
from dermalia.sealing.keys import UnlockedKey, unlock
from dermalia.tenancy import practice_scope
from scans.models import Asset, Scan

logger = logging.getLogger(__name__)

RANGE = re.compile(r"bytes=(\d*)-(\d*)$")


def derived_asset(*, scan: Scan, asset_id: UUID) -> Asset:
    """A derived file's row (in the practice's scope); 404 for any other."""
    return get_object_or_404(
        Asset, pk=asset_id, scan=scan, origin=Asset.Origin.DERIVED, stored_at__isnull=False
    )


def send_file(
    request: HttpRequest, asset: Asset, *, key_id: UUID, who: Who, part_of: Look
) -> HttpResponseBase:
    """The file, opened; the access is entered in the log unless it belongs to a look that is."""
    access = record_access(Action.FILE_VIEWED, who=who, object_id=asset.pk, part_of=part_of)
    key = unlock(key_id, access=access)
    return _respond(asset, key, request.headers.get("Range", ""))


def _respond(asset: Asset, key: UnlockedKey, wanted: str) -> HttpResponseBase:
    part = byte_range(wanted, asset.bytes)
    if part is None:
        response: HttpResponseBase = HttpResponse(status=416)
        response.headers["Content-Range"] = f"bytes */{asset.bytes}"
        return response
    start, stop = part
    whole = (start, stop) == (0, asset.bytes)
    response = StreamingHttpResponse(
        authentic(asset, key, start=start, stop=None if whole else stop),
        status=200 if whole else 206,
        content_type=asset.media_type,
    )
    response.headers["Content-Length"] = str(stop - start)
    response.headers["Accept-Ranges"] = "bytes"
    response.headers["Content-Disposition"] = "inline"
    if not whole:
        response.headers["Content-Range"] = f"bytes {start}-{stop - 1}/{asset.bytes}"
    return response


def authentic(
    asset: Asset, key: UnlockedKey, *, start: int = 0, stop: int | None = None
) -> Iterator[memoryview]:
    """The file's bytes; what is damaged goes to the log, and nothing of it to the browser."""
    try:
        yield from objects.read(key, asset.object_name, start=start, stop=stop)
    except SealBroken:
        with practice_scope(asset.practice_id):
            record(Action.OBJECT_DAMAGED, who=SYSTEM, object_id=asset.pk)
        logger.error("The object of file %s is not what was sealed", asset.pk)
        raise  # before the first byte the server answers 500, later it breaks the answer off


def byte_range(header: str, length: int) -> tuple[int, int] | None:
    """The half-open range a ``Range`` header asks for (RFC 9110, 14.2).

    Returns:
        The whole file for no header, several ranges or another unit; None where the range
        cannot be satisfied.
    """
    match = RANGE.match(header.strip())
    if match is None or match.groups() == ("", ""):
        return 0, length
    first, last = match.groups()
    if not first:
        return (max(length - int(last), 0), length) if int(last) else None
    start = int(first)
    stop = min(int(last) + 1, length) if last else length
    return (start, stop) if start < stop else None
