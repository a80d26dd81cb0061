"""A report's 3D model through the patient's link, beside the same bytes unsealed in storage."""

import os
import statistics
from typing import TYPE_CHECKING, cast

from benchmarks.harness import report
from benchmarks.pages import Opened, make_reports, open_link, requests_per_second, web_server
from benchmarks.services import fresh_services

if TYPE_CHECKING:
    from dermalia.sealing.keys import UnlockedKey
    from scans.models import Scan

PRACTICES, ROUNDS, SECONDS = 4, 5, 3.0
SIZES = {"model": None, "large": 8_000_000}


def main() -> None:
    figures: dict[str, float] = {}
    with fresh_services():
        paths = make_reports(PRACTICES)
        sizes = {name: lay_out(paths, size) for name, size in SIZES.items()}
        with web_server() as address:
            opened = [open_link(address, path) for path in paths]
            requests_per_second(address, opened, seconds=1)  # the page comes before its files
            for name, (assets, plain, size) in sizes.items():
                sealed = [
                    Opened(f"{page.path}files/{asset}", page.cookie)
                    for page, asset in zip(opened, assets, strict=True)
                ]
                bare = [Opened(f"/bare/object/{object_name}", "") for object_name in plain]
                requests_per_second(address, [*sealed, *bare], seconds=1)
                rates = {"sealed": list[float](), "plain": list[float]()}
                for _ in range(ROUNDS):
                    rates["plain"].append(requests_per_second(address, bare, seconds=SECONDS))
                    rates["sealed"].append(requests_per_second(address, sealed, seconds=SECONDS))
                for way, measured in rates.items():
                    rate = statistics.median(measured)
                    figures[f"{name}_{way}_per_s"] = rate
                    figures[f"{name}_{way}_mb_per_s"] = rate * size / 1e6
    report(
        "assets",
        figures=figures,
        ratios={
            "vs_plain": min(
                figures[f"{name}_sealed_per_s"] / figures[f"{name}_plain_per_s"] for name in SIZES
            )
        },
    )


def lay_out(paths: list[str], size: int | None) -> tuple[list[str], list[str], int]:
    """For each report a sealed file and an unsealed object of the same bytes.

    Args:
        size: bytes; None for the report's own model.

    Returns:
        Ids of the files, names of the objects, and how large each is.
    """
    from django.core.files.storage import storages
    from storages.backends.s3 import S3Storage

    from dermalia.tenancy import practice_scope

    bucket = cast(S3Storage, storages["objects"]).bucket
    ids, names, data = [], [], b""
    for number, _ in enumerate(paths, start=1):
        with practice_scope(number):
            file_id, data = own_model() if size is None else random_file(size)
        name = f"plain-{number}-{len(data)}"
        bucket.put_object(Key=name, Body=data)
        ids.append(file_id)
        names.append(name)
    return ids, names, len(data)


def own_model() -> tuple[str, bytes]:
    """The id and the bytes of the model of the practice's one scan."""
    from dermalia.sealing import objects
    from scans.models import Asset

    asset = Asset.objects.select_related("scan").get(kind=Asset.Kind.MODEL)
    return str(asset.pk), objects.read_all(_key_of(asset.scan), asset.object_name)


def random_file(size: int) -> tuple[str, bytes]:
    """The id and the bytes of a sealed file of that size, added to the practice's one scan."""
    from django.db.models.functions import Now

    from dermalia.sealing import objects
    from scans.models import Asset, Scan

    scan, data = Scan.objects.get(), os.urandom(size)
    asset = Asset.objects.create(
        practice_id=scan.practice_id,
        scan=scan,
        origin=Asset.Origin.DERIVED,
        kind=Asset.Kind.DETAIL,
        name="large.glb",
        media_type="model/gltf-binary",
        bytes=size,
        object_name=objects.new_name(scan.prefix),
        stored_at=Now(),
    )
    objects.put(_key_of(scan), asset.object_name, [data], length=size)
    return str(asset.pk), data


def _key_of(scan: "Scan") -> "UnlockedKey":
    from audit.access import record_access
    from audit.chain import SYSTEM
    from audit.words import Action
    from dermalia.sealing.keys import unlock

    return unlock(scan.key_id, access=record_access(Action.FILE_VIEWED, who=SYSTEM))


if __name__ == "__main__":
    main()
