"""Why a program did not start or stay, in one line, from what it wrote last."""

import re
import signal
from pathlib import Path

_LIBRARY = re.compile(r"error while loading shared libraries: ([^:\s]+)")
_DEBIAN_PACKAGES = {"libz.so.1": "zlib1g", "libreadline.so.8": "libreadline8"}
_DISK_FULL = re.compile("No space left on device|Disk quota exceeded|Check free disk space")
_COMPLAINT = re.compile(r"PANIC|FATAL|CRITICAL|error|failed|cannot|can't", re.IGNORECASE)
_NOISE = re.compile(
    r"^\d{4}[-/]\d\d[-/]\d\d \d\d:\d\d:\d\d\S*( UTC)?( \[\d+\])?\s+"  # Postgres, rclone
    r"|^\d+:[A-Z] \d+ \w{3} \d{4} \d\d:\d\d:\d\d\.\d+ # "  # Redis
)
_LONGEST = 300


def explain(name: str, code: int, output: str, data: Path) -> str:
    """One line on the death of `name` with return code `code` after writing `output`."""
    library = _LIBRARY.search(output)
    if library:
        package = _DEBIAN_PACKAGES.get(library[1])
        hint = f" (on Debian: apt-get install {package})" if package else ""
        return f"{name} cannot run: the shared library {library[1]} is missing{hint}."
    if _DISK_FULL.search(output):
        return f"{name} stopped because the disk that holds {data} is full."
    lines = [_NOISE.sub("", line).strip() for line in output.splitlines() if line.strip()]
    complaints = [line for line in lines if _COMPLAINT.search(line)]
    reason = (complaints or lines or ["it wrote nothing"])[-1]
    return f"{name} stopped ({exit_text(code)}): {reason[:_LONGEST]}"


def exit_text(code: int) -> str:
    """A return code of `subprocess` in words: `exit code 1`, `SIGKILL`."""
    if code >= 0:
        return f"exit code {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"
