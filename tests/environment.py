"""Where the tests run: a data folder of their own, named before the settings are read."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

DATA = Path(tempfile.mkdtemp(prefix="dermalia-tests-"))
atexit.register(shutil.rmtree, DATA, ignore_errors=True)

for name in [name for name in os.environ if name.startswith("DERMALIA_")]:
    if name != "DERMALIA_SCANS":
        del os.environ[name]
os.environ["DERMALIA_MODE"] = "embedded"
os.environ["DERMALIA_DATA"] = str(DATA)
