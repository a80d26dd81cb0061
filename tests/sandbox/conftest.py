"""Both stand-ins, started."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from dermalia.sandbox.isemeco import IsemecoStandIn, Recording
from dermalia.sandbox.isemeco.captured import File, Measure
from dermalia.sandbox.resend import ResendStandIn
from tests.sandbox.mailing import KEY, use

RECORDING = Recording(
    (
        File("face.obj", "mesh", "model/obj", b"v 0 0 0\n" * 1000),
        File("red.png", "overlay", "image/png", b"\x89PNG", "cross_polarised", "redness"),
    ),
    (Measure("hydration_proxy", "face", 33.25), Measure("pores", "nose", 7, 0, 10)),
)


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Iterator[ResendStandIn]:
    with ResendStandIn(api_key=KEY) as stand_in:
        use(stand_in, monkeypatch)
        yield stand_in


@pytest.fixture
def cluster() -> Iterator[IsemecoStandIn]:
    stand_in = IsemecoStandIn(
        client_id="id", client_secret="secret", synthetic=lambda seed, sitting: RECORDING
    )
    with stand_in:
        yield stand_in
