"""What the files of an installation say, read without a container engine."""

import ast
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
NAME = re.compile(r"DERMALIA_[A-Z0-9_]+")
# Read by a process of ours, by the shell script that starts it, or by the proxy.
SETTINGS = ("settings.py", "storages.py")
READERS = ("entrypoint", "healthcheck.py", "Caddyfile")


@cache
def compose() -> dict[str, Any]:
    """docker-compose.yml, with its anchors resolved."""
    content = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    assert isinstance(content, dict)
    return content


def services() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = compose()["services"]
    return found


def ours() -> dict[str, dict[str, Any]]:
    """The services that run this project's image."""
    return {name: each for name, each in services().items() if "build" in each}


def example_settings() -> dict[str, str]:
    return env_file(DEPLOY / "settings.example.env")


def _example(path: str) -> Path:
    """The example of a file that whoever installs writes."""
    return ROOT / path.replace(".env", ".example.env")


def env_file(path: Path) -> dict[str, str]:
    lines = (line.strip() for line in path.read_text().splitlines())
    pairs = (line.partition("=") for line in lines if line and not line.startswith("#"))
    return {name: value for name, _, value in pairs}


def environment(
    service: Mapping[str, Any], secrets: Path, *, optional: bool = False
) -> dict[str, str]:
    """What the service's process finds in its environment, with secrets from a folder.

    Args:
        optional: files are there that an installation may do without.
    """
    given: dict[str, str] = {}
    for file in service.get("env_file", []):
        if isinstance(file, str):
            given |= env_file(_example(file))
        elif file["required"] or optional:
            given |= env_file(_example(file["path"]))
    given |= service.get("environment", {})
    return {name: value.replace("/run/secrets", str(secrets)) for name, value in given.items()}


@cache
def names_in_settings() -> tuple[re.Pattern[str], ...]:
    """Every name the settings read; one they put together is a pattern."""
    trees = [ast.parse((ROOT / "dermalia" / name).read_text()) for name in SETTINGS]
    return tuple(re.compile(pattern) for tree in trees for pattern in _patterns(tree))


def is_read(name: str) -> bool:
    """Whether some process looks for the variable at all."""
    plain = name.removesuffix("_FILE")
    if any(pattern.fullmatch(each) for pattern in names_in_settings() for each in (name, plain)):
        return True
    return any(name in NAME.findall((DEPLOY / reader).read_text()) for reader in READERS)


def _patterns(tree: ast.AST) -> Iterator[str]:
    inside: set[int] = set()  # parts of a name are no names
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            inside |= {id(part) for part in node.values}
            pattern = "".join(
                re.escape(str(part.value)) if isinstance(part, ast.Constant) else "[A-Z0-9_]+"
                for part in node.values
            )
            if pattern.startswith("DERMALIA_"):
                yield pattern
    for node in ast.walk(tree):
        if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
            continue
        if id(node) not in inside and NAME.fullmatch(node.value):
            yield re.escape(node.value)
