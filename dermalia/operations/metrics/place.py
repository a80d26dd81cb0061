"""Where processes keep what they count, chosen before the library is imported, which looks once."""

import os
import re
import socket
from pathlib import Path

_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"


def choose() -> None:
    """Below the named folder one of this machine's own: containers count processes from 1 alike."""
    folder = os.environ.get("DERMALIA_METRICS_DIR", "")
    if not folder or os.environ.get(_VARIABLE):
        return
    host = re.sub(r"[^A-Za-z0-9.-]", "-", socket.gethostname())
    place = Path(folder) / host
    place.mkdir(parents=True, exist_ok=True)
    os.environ[_VARIABLE] = str(place)
