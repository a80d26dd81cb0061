"""Whole captures through stand-in and client: the synthetic face, and real scans where present."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from dermalia.sandbox.face import make_capture
from dermalia.sandbox.isemeco import Captured, IsemecoStandIn, captures_from_folder
from scans.isemeco import IsemecoClient, Manifest
from scans.isemeco.vocabulary import AssetKind, Metric

SCANS = Path(os.environ.get("DERMALIA_SCANS", Path(__file__).parents[3] / "shared" / "scans"))


def pull(cluster: IsemecoStandIn, client: IsemecoClient, capture: Captured) -> Manifest:
    manifest, dropped = client.manifest(cluster.add_scan(capture))
    assert dropped == 0
    for asset, file in zip(manifest.assets, capture.files, strict=True):
        with client.download(asset) as chunks:
            received = b"".join(chunks)
        assert received == file.data
        assert hashlib.sha256(received).hexdigest() == asset.sha256
    return manifest


def test_the_synthetic_face_follows_the_contract(
    cluster: IsemecoStandIn, client: IsemecoClient
) -> None:
    face = make_capture(seed=7, triangles=2_000, texture_size=256, overlay_size=128)
    manifest = pull(cluster, client, face)
    overlays = [a.metric for a in manifest.assets if a.kind is AssetKind.OVERLAY]
    assert set(overlays) == set(Metric)
    received = {(m.metric.value, m.zone.value): m.value for m in manifest.measurements}
    given = {(m.metric, m.zone): Decimal(repr(m.value)) for m in face.measurements}
    assert received == given


@pytest.mark.skipif(not SCANS.is_dir(), reason="no folder of real scans here")
def test_real_scans_follow_the_contract(
    cluster: IsemecoStandIn, connect: Callable[..., IsemecoClient]
) -> None:
    client = connect(cluster, download_seconds=30)
    for capture in captures_from_folder(SCANS).values():
        pull(cluster, client, capture)
