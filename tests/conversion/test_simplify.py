"""Simplifying: large meshes in two halves, which meet again without a gap."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from scans.conversion import simplify

from . import support

if TYPE_CHECKING:
    from scans.conversion.mesh import Indices, Mesh


@pytest.fixture(scope="module")
def head() -> support.Loaded:
    return support.loaded(support.obj_bytes(40_000))


@pytest.fixture
def _halved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simplify, "_HALVED_FROM", 1000)


def open_edges(mesh: Mesh, *, by_position: bool) -> Indices:
    faces = mesh.faces
    if by_position:
        _, same = np.unique(mesh.positions, axis=0, return_inverse=True)
        faces = same.reshape(-1)[faces].astype(np.uint32)
    edges = np.sort(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), axis=1)
    different, counts = np.unique(edges, axis=0, return_counts=True)
    ones: Indices = different[counts == 1]
    return ones


@pytest.mark.usefixtures("_halved")
def test_halves_meet_without_a_gap(head: support.Loaded) -> None:
    simple = simplify.simplified(head.mesh, target=8000, memory=256 << 20)
    assert 0.97 * 8000 <= len(simple.faces) <= 8000
    # Only the neck is open, whose rim both halves keep; and the texture's seam, by vertices.
    rim = len(open_edges(head.mesh, by_position=True))
    assert len(open_edges(simple, by_position=True)) <= rim
    low, high = simple.positions.min(axis=0), simple.positions.max(axis=0)
    seam = open_edges(simple, by_position=False)
    assert (np.abs(simple.positions[seam, 0]) < 0.02 * (high - low)[0]).any(axis=1).mean() > 0.5


@pytest.mark.usefixtures("_halved")
def test_halves_are_as_near_to_the_source_as_the_whole(
    head: support.Loaded, monkeypatch: pytest.MonkeyPatch
) -> None:
    halves = simplify.simplified(head.mesh, target=8000, memory=256 << 20)
    monkeypatch.setattr(simplify, "_HALVED_FROM", 1_000_000)
    whole = simplify.simplified(head.mesh, target=8000, memory=256 << 20)
    assert len(halves.positions) < 1.05 * len(whole.positions)
    assert deviation(halves) < 1.2 * deviation(whole)


def deviation(mesh: Mesh) -> float:
    """Root mean square height of triangles' middles over the surface the vertices lie on."""
    middles, normals = (
        values[mesh.faces].mean(axis=1) for values in (mesh.positions, mesh.normals)
    )
    corner = mesh.positions[mesh.faces[:, 0]]
    heights = np.einsum("mc,mc->m", corner - middles, normals)
    return float(np.sqrt((heights**2).mean()))
