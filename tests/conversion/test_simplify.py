"""Simplifying: large meshes in two halves, which meet again without a gap."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from scans.conversion import ConversionError, ErrorCode, glb, simplify
from scans.conversion.mesh import Mesh
from scans.conversion.raw import RawMesh, without_repeats

from . import support

if TYPE_CHECKING:
    from scans.conversion.mesh import Floats, Indices
    from scans.conversion.raw import Integers


@pytest.fixture(scope="module")
def head() -> support.Loaded:
    return support.loaded(support.obj_bytes(40_000))


@pytest.fixture
def _halved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simplify, "_HALVED_FROM", 1000)


def points(head: support.Loaded) -> Integers:
    assert head.raw.points is not None
    return head.raw.points


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
    simple = simplify.simplified(head.mesh, points(head), target=8000, memory=256 << 20)
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
    halves = simplify.simplified(head.mesh, points(head), target=8000, memory=256 << 20)
    monkeypatch.setattr(simplify, "_HALVED_FROM", 1_000_000)
    whole = simplify.simplified(head.mesh, points(head), target=8000, memory=256 << 20)
    assert len(halves.positions) < 1.05 * len(whole.positions)
    assert deviation(halves) < 1.2 * deviation(whole)


def test_all_of_a_vertex_comes_along(head: support.Loaded) -> None:
    """Nothing but positions and texture coordinates goes through the sandbox."""
    simple = simplify.simplified(head.mesh, points(head), target=8000, memory=256 << 20)
    known = {
        (*position, *uv): normal
        for position, uv, normal in zip(*map(rows, attributes(head.mesh)), strict=True)
    }
    for position, uv, normal in zip(*map(rows, attributes(simple)), strict=True):
        assert known[(*position, *uv)] == normal


def attributes(mesh: Mesh) -> tuple[Floats, Floats, Floats]:
    assert mesh.uv is not None
    return mesh.positions, mesh.uv, mesh.normals


def rows(values: Floats) -> list[tuple[float, ...]]:
    return [tuple(row) for row in values.tolist()]


def test_triangles_that_share_no_vertices_become_fewer_too(head: support.Loaded) -> None:
    corners = head.mesh.faces.ravel()
    loose = Mesh(
        head.mesh.positions[corners],
        np.arange(len(corners), dtype=np.uint32).reshape(-1, 3),
        head.mesh.normals[corners],
        None if head.mesh.uv is None else head.mesh.uv[corners],
    )
    simple = simplify.simplified(loose, points(head)[corners], target=8000, memory=256 << 20)
    shared = simplify.simplified(head.mesh, points(head), target=8000, memory=256 << 20)
    assert len(simple.positions) == len(shared.positions)
    assert deviation(simple) == pytest.approx(deviation(shared), rel=0.1)


def test_numbers_from_the_sandbox_that_cannot_be_are_refused(head: support.Loaded) -> None:
    there = len(head.mesh.positions)
    data = glb.numbered(head.mesh)
    _, numbers = glb.read_numbered(data, most=there)
    assert numbers.tolist() == list(range(there))
    with pytest.raises(ConversionError) as caught:
        glb.read_numbered(data, most=there - 1)
    assert caught.value.code is ErrorCode.UNREADABLE_MESH
    nowhere = replace(head.mesh, faces=head.mesh.faces + np.uint32(1))
    with pytest.raises(ConversionError):
        glb.read_numbered(glb.numbered(nowhere), most=there)


def test_a_face_that_is_there_again_counts_once() -> None:
    once = np.array([[0, 1, 2], [0, 2, 1], [0, 2, 3]], np.uint32)
    turned = np.array([[1, 2, 0], [2, 0, 1], [0, 1, 2]], np.uint32)
    again = np.concatenate([once, *[turned] * 200])
    corners = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]], np.float32)
    paint = np.arange(len(again), dtype=np.int32)
    mesh = without_repeats(RawMesh(corners, again, paint=paint))
    assert mesh.faces.tolist() == once.tolist()
    assert mesh.paint is not None
    assert mesh.paint.tolist() == [0, 1, 2]


def deviation(mesh: Mesh) -> float:
    """Root mean square height of triangles' middles over the surface the vertices lie on."""
    middles, normals = (
        values[mesh.faces].mean(axis=1) for values in (mesh.positions, mesh.normals)
    )
    corner = mesh.positions[mesh.faces[:, 0]]
    heights = np.einsum("mc,mc->m", corner - middles, normals)
    return float(np.sqrt((heights**2).mean()))
