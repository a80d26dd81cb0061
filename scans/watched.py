"""Whether scans can be turned into what browsers show, and whether scanners can be heard."""

from dermalia.operations.doctor import Trouble, check
from scans.conversion import ConversionError, SourceFile, convert

_SIDE = 24  # squares


@check(
    "converter", do="Run scans.conversion.prepare; see docs/install.md for what it may not lack."
)
def a_scan_can_be_converted() -> str:
    """A small hump, through the same child process as a patient's scan."""
    mesh = SourceFile("doctor.obj", "mesh", None, None, dome().encode())
    try:
        made = convert([mesh])
    except ConversionError as error:
        raise Trouble(f"nothing comes out: {error}") from error
    if made.network == "open":
        raise Trouble(
            "its child process could reach the network",
            do="Let it make namespaces or filter system calls (seccomp), as deploy/ does.",
        )
    return f"{made.triangles} triangles came out, its child has no network ({made.network})"


def dome() -> str:
    """A hump of 16 cm by 16 cm, as an OBJ in metres without colour."""
    steps = [(i / _SIDE - 0.5) * 0.16 for i in range(_SIDE + 1)]
    lines = [f"v {x:.5f} {y:.5f} {0.06 - 6 * (x * x + y * y):.5f}" for y in steps for x in steps]
    for row in range(_SIDE):
        for column in range(_SIDE):
            a = row * (_SIDE + 1) + column + 1
            b = a + _SIDE + 1
            lines += [f"f {a} {a + 1} {b}", f"f {a + 1} {b + 1} {b}"]
    return "\n".join(lines) + "\n"
