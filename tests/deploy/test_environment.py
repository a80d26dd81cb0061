"""Values or files: what a setting is read from."""

from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from dermalia.environment import ValuesOrFiles


def read(**variables: str) -> str:
    return ValuesOrFiles(env=variables)["DERMALIA_THING"]


def test_a_value_is_taken_as_it_is() -> None:
    assert read(DERMALIA_THING=" as it is\n") == " as it is\n"


@pytest.mark.parametrize(
    ("content", "value"),
    [
        (b"secret", "secret"),
        (b"secret\n", "secret"),
        (b"secret\r\n", "secret"),
        (b"secret\n\n", "secret\n"),
        (b" secret ", " secret "),
        ("Schlüssel\n".encode(), "Schlüssel"),
        (b"", ""),
    ],
)
def test_one_line_break_at_the_end_of_a_file_is_no_part_of_it(
    content: bytes, value: str, tmp_path: Path
) -> None:
    file = tmp_path / "thing"
    file.write_bytes(content)
    assert read(DERMALIA_THING_FILE=str(file)) == value


def test_a_file_is_read_once(tmp_path: Path) -> None:
    file = tmp_path / "thing"
    file.write_text("before")
    found = ValuesOrFiles(env={"DERMALIA_THING_FILE": str(file)})
    assert found["DERMALIA_THING"] == "before"
    file.write_text("after")
    assert found["DERMALIA_THING"] == "before"


def test_neither_is_a_missing_key() -> None:
    with pytest.raises(KeyError):
        read(DERMALIA_OTHER="x")


def test_both_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ImproperlyConfigured, match="both set"):
        read(DERMALIA_THING="a", DERMALIA_THING_FILE=str(tmp_path))


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_a_file_that_cannot_be_read_is_refused_without_its_content(
    content: bytes | None, tmp_path: Path
) -> None:
    file = tmp_path / "thing"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ImproperlyConfigured, match="DERMALIA_THING_FILE names"):
        read(DERMALIA_THING_FILE=str(file))


def test_a_setting_whose_name_ends_like_a_file_is_a_path() -> None:
    found = ValuesOrFiles(env={"DERMALIA_KEYRING_FILE": "/run/secrets/keyring"})
    assert found["DERMALIA_KEYRING_FILE"] == "/run/secrets/keyring"
