"""Secrets, keyring and settings of a data folder, without any server."""

import base64
import json
import os
import socket
import stat
from pathlib import Path

import pytest

from dermalia.embedded import EmbeddedError, NotPrepared, environment, prepare, require_free_port


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data"


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_settings_of_a_folder_that_was_never_prepared_are_refused(folder: Path) -> None:
    with pytest.raises(NotPrepared, match="is not prepared"):
        environment(folder)
    assert not folder.exists()


def test_preparing_twice_keeps_every_secret(folder: Path) -> None:
    assert prepare(folder) == prepare(folder) == environment(folder)


def test_settings_are_exactly_the_documented_variables(folder: Path) -> None:
    assert set(prepare(folder)) == {
        "DERMALIA_SECRET_KEY",
        "DERMALIA_LINK_PEPPER",
        "DERMALIA_KEYRING_FILE",
        "DERMALIA_AUDIT_SIGNING_KEY_FILE",
        "DERMALIA_DATABASE_URL",
        "DERMALIA_DATABASE_ADMIN_URL",
        "DERMALIA_DATABASE_OWNER_URL",
        "DERMALIA_DATABASE_SWEEPER_URL",
        "DERMALIA_DATABASE_BACKUP_URL",
        "DERMALIA_DATABASE_KEYSTORE_BACKUP_URL",
        "DERMALIA_DRILL_DATABASE",
        "DERMALIA_BACKUP_RECIPIENTS_FILE",
        "DERMALIA_BACKUP_KEYS",
        "DERMALIA_REDIS_URL",
        "DERMALIA_CACHE_URL",
        "DERMALIA_S3_ENDPOINT",
        "DERMALIA_S3_BUCKET",
        "DERMALIA_S3_CHECKPOINT_BUCKET",
        "DERMALIA_S3_BACKUP_BUCKET",
        "DERMALIA_S3_LEDGER_BUCKET",
        "DERMALIA_S3_ACCESS_KEY",
        "DERMALIA_S3_SECRET_KEY",
        "DERMALIA_S3_REGION",
    }


def test_two_folders_share_no_secret(tmp_path: Path) -> None:
    first, second = prepare(tmp_path / "one"), prepare(tmp_path / "two")
    shared = {name for name in first if first[name] == second[name]}
    assert shared == {
        "DERMALIA_DRILL_DATABASE",
        "DERMALIA_S3_BACKUP_BUCKET",
        "DERMALIA_S3_LEDGER_BUCKET",
        "DERMALIA_S3_BUCKET",
        "DERMALIA_S3_CHECKPOINT_BUCKET",
        "DERMALIA_S3_REGION",
    }


def test_the_keyring_holds_one_root_key_of_32_bytes(folder: Path) -> None:
    keyring = json.loads(Path(prepare(folder)["DERMALIA_KEYRING_FILE"]).read_text())
    assert keyring["current"] == 1
    assert {name: len(base64.b64decode(key)) for name, key in keyring["keys"].items()} == {"1": 32}


def test_files_and_folders_are_closed_to_others_whatever_the_umask(folder: Path) -> None:
    before = os.umask(0)
    try:
        prepare(folder)
    finally:
        os.umask(before)
    modes = {path: mode(path) for path in [folder, *folder.rglob("*")]}
    assert {m for path, m in modes.items() if path.is_dir()} == {0o700}
    assert {m for path, m in modes.items() if path.is_file()} == {0o600}


def test_a_folder_from_before_there_was_a_signing_key_gets_one(folder: Path) -> None:
    key = Path(prepare(folder)["DERMALIA_AUDIT_SIGNING_KEY_FILE"])
    first = key.read_text()
    key.unlink()
    with pytest.raises(NotPrepared):
        environment(folder)
    prepare(folder)
    assert "PRIVATE KEY" in key.read_text()
    assert key.read_text() != first


@pytest.mark.parametrize("name", ["secrets.json", "keyring.json", "audit-signing-key.pem"])
@pytest.mark.parametrize("wide", [0o640, 0o604])
def test_secrets_that_others_can_read_are_refused(folder: Path, name: str, wide: int) -> None:
    prepare(folder)
    (folder / name).chmod(wide)
    with pytest.raises(EmbeddedError, match=rf"{name} is readable by others \(mode {wide:04o}\)"):
        prepare(folder)


def test_a_lost_keyring_is_never_replaced_by_a_new_one(folder: Path) -> None:
    prepare(folder)
    (folder / "keyring.json").unlink()
    with pytest.raises(EmbeddedError, match=r"keyring.json is missing .* restore it"):
        prepare(folder)


def test_lost_secrets_beside_a_database_are_never_replaced(folder: Path) -> None:
    prepare(folder)
    (folder / "postgres" / "cluster").mkdir()
    (folder / "secrets.json").unlink()
    with pytest.raises(EmbeddedError, match=r"secrets.json is missing .* restore it"):
        prepare(folder)


def test_a_crash_between_keyring_and_secrets_is_mended(folder: Path) -> None:
    settings = prepare(folder)
    keyring = Path(settings["DERMALIA_KEYRING_FILE"]).read_bytes()
    (folder / "secrets.json").unlink()
    prepare(folder)
    assert Path(settings["DERMALIA_KEYRING_FILE"]).read_bytes() == keyring


def test_damaged_secrets_are_one_line(folder: Path) -> None:
    prepare(folder)
    (folder / "secrets.json").write_text("{")
    with pytest.raises(EmbeddedError, match=r"secrets.json is damaged"):
        environment(folder)


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(EmbeddedError, match=r"^Cannot use the data folder .*Not a directory"):
        prepare(tmp_path / "file" / "data")


def test_another_port_is_stored_when_a_stranger_took_ours(folder: Path) -> None:
    port = int(prepare(folder)["DERMALIA_S3_ENDPOINT"].rpartition(":")[2])
    with socket.create_server(("127.0.0.1", port)):
        moved = prepare(folder)["DERMALIA_S3_ENDPOINT"]
    assert moved != f"http://127.0.0.1:{port}"
    assert environment(folder)["DERMALIA_S3_ENDPOINT"] == moved


def test_a_busy_port_is_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(EmbeddedError, match=rf"^Port {port} on 127.0.0.1 is in use .*\.$"):
            require_free_port("127.0.0.1", port)
    require_free_port("127.0.0.1", port)
