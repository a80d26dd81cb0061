"""The real client against the stand-in, over real HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
import requests

from dermalia.sandbox.isemeco import IsemecoStandIn, Recording
from dermalia.sandbox.isemeco.captured import File, Measure
from dermalia.sandbox.standin import StandIn
from scans.isemeco import AssetEntry, IsemecoClient, Limits

SECRET = "s3cret-of-the-practice"
QUICK = Limits(
    connect_seconds=1,
    read_seconds=1,
    call_seconds=3,
    download_seconds=1,
    first_pause=0.01,
    longest_pause=0.02,
)
MESH = b"v 0 0 0\n" * 40_000
TEXTURE = bytes(range(256)) * 100


@pytest.fixture
def recording() -> Recording:
    files = (
        File("face.obj", "mesh", "model/obj", MESH),
        File("face.mtl", "material", "model/mtl", b"newmtl skin\nmap_Kd skin.jpg\n"),
        File("skin.jpg", "texture", "image/jpeg", TEXTURE, light="white"),
        File("wet.png", "overlay", "image/png", b"\x89PNG", metric="hydration"),
    )
    measures = (Measure("wrinkles", "forehead", 42.5), Measure("hydration", "face", 0.1 + 0.2))
    return Recording(files, measures)


@pytest.fixture
def cluster() -> Iterator[IsemecoStandIn]:
    with IsemecoStandIn(client_id="practice", client_secret=SECRET) as stand_in:
        yield stand_in


@pytest.fixture
def session() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        yield session


@pytest.fixture
def connect(session: requests.Session) -> Callable[..., IsemecoClient]:
    """Makes a client of some cluster with limits short enough for a test."""

    def make(cluster: StandIn, secret: str = SECRET, **limits: float) -> IsemecoClient:
        return IsemecoClient(cluster.url, "practice", secret, session, replace(QUICK, **limits))  # type: ignore[arg-type]

    return make


@pytest.fixture
def client(cluster: IsemecoStandIn, connect: Callable[..., IsemecoClient]) -> IsemecoClient:
    return connect(cluster)


@pytest.fixture
def wire_manifest() -> Callable[..., dict[str, Any]]:
    """Makes a manifest as the cluster writes it, with some of it replaced."""

    def make(**replaced: Any) -> dict[str, Any]:
        manifest = {
            "scan_id": "scan-1",
            "device": {"serial": "D-1", "model": "M"},
            "captured_at": "2026-05-26T09:30:00+02:00",
            "algorithm_version": "4.2.1",
            "patient": {"first_name": "Demo", "email": "demo@example.org"},
            "measurements": [
                {
                    "metric": "hydration",
                    "zone": "face",
                    "value": 41.5,
                    "scale": {"min": 0, "max": 100},
                }
            ],
            "assets": [wire_asset()],
        }
        return json.loads(json.dumps(manifest | replaced))  # type: ignore[no-any-return]

    return make


def wire_asset(**replaced: Any) -> dict[str, Any]:
    asset = {
        "name": "face.glb",
        "kind": "mesh",
        "light": None,
        "metric": None,
        "media_type": "model/gltf-binary",
        "bytes": 3,
        "sha256": "ab" * 32,
        "url": "https://isemeco.example/v1/assets/scan-1/0?expires=1&signature=x",
    }
    return asset | replaced


@pytest.fixture
def asset() -> Callable[..., dict[str, Any]]:
    """Makes one file's entry of a manifest, with some of it replaced."""
    return wire_asset


def pulled(client: IsemecoClient, asset: AssetEntry) -> bytes:
    """A file as the client hands it on."""
    with client.download(asset) as chunks:
        return b"".join(chunks)
