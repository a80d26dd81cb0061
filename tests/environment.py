"""Where the tests run: a data folder of their own, named before the settings are read."""

import atexit
import hashlib
import os
import shutil
import tempfile
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]


def code() -> str:
    """A digest of every pinned package and every line of ours, tests left out."""
    digest = hashlib.sha256((PROJECT / "requirements" / "dev.txt").read_bytes())
    packages = {file.parent for file in PROJECT.glob("*/__init__.py")} - {PROJECT / "tests"}
    for path in sorted(path for package in packages for path in package.rglob("*.py")):
        digest.update(f"\0{path.relative_to(PROJECT)}\0".encode() + path.read_bytes())
    return digest.hexdigest()[:16]


# Before anything of ours is imported: what is under test.
CODE = code()
DATA = Path(tempfile.mkdtemp(prefix="dermalia-tests-"))
atexit.register(shutil.rmtree, DATA, ignore_errors=True)

for name in [name for name in os.environ if name.startswith("DERMALIA_")]:
    if name != "DERMALIA_SCANS":
        del os.environ[name]
os.environ["DERMALIA_MODE"] = "embedded"
os.environ["DERMALIA_DATA"] = str(DATA)
