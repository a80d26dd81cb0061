"""One real build of the front end for the whole run, in a folder of its own."""

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def build(target: Path) -> None:
    """Run the bundler into ``target``. Raises CalledProcessError with its output when it fails."""
    command = ["node", "frontend/build.mjs", "--outdir", str(target)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)


@pytest.fixture(scope="session")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("frontend") / "dist"
    build(target)
    return target
