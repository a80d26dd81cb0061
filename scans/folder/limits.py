"""Bounds of one export."""

from __future__ import annotations

MAX_FILES = 200
MAX_DEPTH = 3
MAX_BYTES = 300 * 1024 * 1024
MAX_RATIO = 100
MAX_MANIFEST_BYTES = 1024 * 1024
PIECE_BYTES = 256 * 1024
# An export that changed less than this ago may still be written to.
QUIET_SECONDS = 5.0
# One that is not complete after this is somebody's to look at.
STALE_SECONDS = 900.0
