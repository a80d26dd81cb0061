"""The Dockerfile: pinned, small, not root, and with everything the application needs."""

import re
from pathlib import Path

import pytest
from django.apps import apps

from tests.deploy.installation import ROOT

TEXT = (ROOT / "Dockerfile").read_text()
INSTRUCTIONS = [
    line for line in re.sub(r"\\\n\s*", "", TEXT).splitlines() if line and line[0].isupper()
]
FINAL = INSTRUCTIONS[max(i for i, line in enumerate(INSTRUCTIONS) if line.startswith("FROM ")) :]
STAGES = {line.split(" AS ")[1] for line in INSTRUCTIONS if " AS " in line}


def words(instruction: str) -> list[list[str]]:
    return [line.split()[1:] for line in INSTRUCTIONS if line.startswith(f"{instruction} ")]


def copied_from_here() -> list[str]:
    plain = [arguments for arguments in words("COPY") if not arguments[0].startswith("--from=")]
    return [source for arguments in plain for source in arguments[:-1]]


def test_images_are_exact_versions() -> None:
    for image, *_ in words("FROM"):
        assert re.fullmatch(r"[a-z]+:\d+\.\d+\.\d+-[a-z-]+", image)


def test_only_what_is_here_is_copied_and_the_ignore_file_lets_it_through() -> None:
    admitted = {
        line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line[:1] == "!"
    }
    for source in copied_from_here():
        assert (ROOT / source).exists(), source
        assert admitted & {source, *map(str, Path(source).parents)}, source
    assert not words("ADD")


def test_every_package_of_the_application_is_copied() -> None:
    packages = {
        Path(config.path).relative_to(ROOT).parts[0]
        for config in apps.get_app_configs()
        if Path(config.path).is_relative_to(ROOT) and "site-packages" not in config.path
    }
    assert packages - set(copied_from_here()) == set()


def test_stages_that_are_copied_from_exist() -> None:
    sources = {
        argument.removeprefix("--from=")
        for arguments in words("COPY")
        for argument in arguments
        if argument.startswith("--from=")
    }
    assert sources <= STAGES


def test_it_ends_as_a_user_who_is_not_root() -> None:
    users = [line for line in FINAL if line.startswith("USER ")]
    assert users == ["USER 10001:10001"]
    assert FINAL.index(users[0]) > max(
        i for i, line in enumerate(FINAL) if line.startswith(("RUN ", "COPY "))
    )
    assert any(line.startswith("HEALTHCHECK ") for line in FINAL)
    assert 'ENTRYPOINT ["deploy/entrypoint"]' in FINAL


def test_packages_are_checked_by_their_hashes() -> None:
    assert "--require-hashes" in TEXT
    assert "--only-binary=:all:" in TEXT
    assert "npm ci" in TEXT


@pytest.mark.parametrize("tool", ["gcc", "build-essential", "curl", "git", "npm", "pip install"])
def test_the_last_stage_has_no_tools(tool: str) -> None:
    assert tool not in " ".join(FINAL)


def test_lists_of_debian_packages_are_not_kept() -> None:
    for line in INSTRUCTIONS:
        if "apt-get install" in line:
            assert "--no-install-recommends" in line
            assert "rm -rf /var/lib/apt/lists/*" in line


def test_the_sample_is_made_before_static_files_are_gathered() -> None:
    (made,) = [at for at, line in enumerate(INSTRUCTIONS) if "python -m scripts.sample" in line]
    (gathered,) = [at for at, line in enumerate(INSTRUCTIONS) if "deploy/collect-static" in line
                   and line.startswith("RUN ")]  # fmt: skip
    simplifier = next(at for at, line in enumerate(INSTRUCTIONS) if "gltfpack" in line)
    assert simplifier < made < gathered


def test_no_secret_is_part_of_the_image() -> None:
    for line in INSTRUCTIONS:
        if line.startswith(("ENV ", "ARG ")):
            assert not re.search(r"SECRET|PASSWORD|TOKEN|PEPPER|_KEY", line)
