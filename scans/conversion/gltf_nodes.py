"""Where a glTF's scene places its meshes: nodes, their transforms, and no circles."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .gltf_files import at

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from .glb import Tree

    Matrix = npt.NDArray[np.float64]


def placed_meshes(tree: Tree) -> Iterator[tuple[Tree, Matrix]]:
    """Every mesh of the scene with the 4×4 matrix to the scene's coordinates.

    Raises ValueError for a node with two parents or in a circle, and errors of looking up.
    """
    nodes = tree.get("nodes", [])
    waiting = [(index, np.eye(4)) for index in _roots(tree)]
    seen: set[int] = set()
    while waiting:
        index, outer = waiting.pop()
        if index in seen:
            raise ValueError("node with two parents")
        seen.add(index)
        node = at(nodes, index)
        matrix = outer @ _local(node)
        if "mesh" in node:
            yield at(tree["meshes"], node["mesh"]), matrix
        waiting += [(child, matrix) for child in reversed(node.get("children", []))]


def _roots(tree: Tree) -> list[int]:
    """The nodes of the scene shown; of a file without scenes, those that are nobody's children."""
    if tree.get("scenes"):
        roots: list[int] = at(tree["scenes"], tree.get("scene", 0)).get("nodes", [])
        return list(reversed(roots))
    nodes = tree.get("nodes", [])
    children = {child for node in nodes for child in node.get("children", [])}
    roots = [index for index in range(len(nodes)) if index not in children]
    if nodes and not roots:
        raise ValueError("nodes in a circle")
    return list(reversed(roots))


def _local(node: Tree) -> Matrix:
    if "matrix" in node:
        return np.array(node["matrix"], np.float64).reshape(4, 4).T
    matrix = np.eye(4)
    matrix[:3, :3] = _rotation(node.get("rotation", (0, 0, 0, 1))) * _three(node.get("scale", 1))
    matrix[:3, 3] = _three(node.get("translation", 0))
    return matrix


def _three(values: object) -> Matrix:
    return np.broadcast_to(np.array(values, np.float64), (3,))


def _rotation(quaternion: object) -> Matrix:
    """The 3×3 matrix of a quaternion (x, y, z, w), made one of length one."""
    values = np.array(quaternion, np.float64).reshape(4)
    x, y, z, w = values / max(float(np.linalg.norm(values)), 1e-30)
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )
