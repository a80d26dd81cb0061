"""Prepare a data folder, and read from it the settings of everything that runs on it."""

import base64
import os
import secrets
from pathlib import Path
from urllib.parse import quote

from dermalia.embedded import files, ports
from dermalia.embedded.errors import EmbeddedError, NotPrepared, one_line_errors
from dermalia.embedded.layout import POSTGRES_PORT, Layout
from dermalia.embedded.locks import FolderLock, is_free

BUCKET = "dermalia"
CHECKPOINT_BUCKET = "dermalia-checkpoints"
BACKUP_BUCKET = "dermalia-backups"
LEDGER_BUCKET = "dermalia-ledger"
DATABASE = "dermalia"
DRILL_DATABASE = "dermalia_drill"
# A single box is not a region; S3 signatures want a name, and this is the one data live in.
REGION = "eu-central-1"

_SECRETS = ("secret_key", "link_pepper", "s3_access_key", "s3_secret_key")


def prepare(data: Path) -> dict[str, str]:
    """Create the tree, secrets and keys of `data` where missing; return `environment(data)`.

    Secrets are made once and never replaced. Raises EmbeddedError if the folder cannot be
    written, a secrets file is readable by others, or a secret is missing beside existing data
    (making a new one would leave these data unreadable for good).
    """
    layout = Layout.of(data)
    with one_line_errors(layout.data):
        layout.create_folders()
        _create_secrets(layout)
        _create_signing_key(layout)
        _settle_ports(layout)
        return environment(layout.data)


def environment(data: Path) -> dict[str, str]:
    """The DERMALIA_* variables for processes that use the services of `data`.

    Reads only. Raises NotPrepared if the folder was never prepared, EmbeddedError if its
    secrets are readable by others or damaged.
    """
    layout = Layout.of(data)
    with one_line_errors(layout.data):
        try:
            known = files.read_private(layout.secrets)
            files.read_private(layout.keyring)
            files.read_private_bytes(layout.signing_key)
            s3_port = ports.stored_s3_port(layout)
        except FileNotFoundError as error:
            raise NotPrepared(f"{layout.data} is not prepared: {error.filename} is missing.") from (
                error
            )
    missing = [name for name in _SECRETS if not known.get(name)]
    if missing:
        raise EmbeddedError(f"{layout.secrets} lacks {', '.join(missing)}: restore it.")
    return {
        "DERMALIA_SECRET_KEY": known["secret_key"],
        "DERMALIA_LINK_PEPPER": known["link_pepper"],
        "DERMALIA_KEYRING_FILE": str(layout.keyring),
        "DERMALIA_AUDIT_SIGNING_KEY_FILE": str(layout.signing_key),
        "DERMALIA_DATABASE_URL": database_url(layout.data, "dermalia_app"),
        "DERMALIA_DATABASE_OWNER_URL": database_url(layout.data, "dermalia_owner"),
        "DERMALIA_DATABASE_SWEEPER_URL": database_url(layout.data, "dermalia_sweeper"),
        "DERMALIA_DATABASE_ADMIN_URL": database_url(layout.data, "dermalia_admin"),
        "DERMALIA_DATABASE_BACKUP_URL": database_url(layout.data, "dermalia_backup"),
        "DERMALIA_DATABASE_KEYSTORE_BACKUP_URL": database_url(
            layout.data, "dermalia_keystore_backup"
        ),
        "DERMALIA_DRILL_DATABASE": DRILL_DATABASE,
        "DERMALIA_BACKUP_RECIPIENTS_FILE": str(layout.backup_recipients),
        "DERMALIA_BACKUP_KEYS": str(layout.backup_keys),
        "DERMALIA_REDIS_URL": f"redis+socket://{layout.redis_socket}?virtual_host=0",
        "DERMALIA_CACHE_URL": f"unix://{layout.redis_socket}?db=1",
        "DERMALIA_S3_ENDPOINT": f"http://127.0.0.1:{s3_port}",
        "DERMALIA_S3_BUCKET": BUCKET,
        "DERMALIA_S3_CHECKPOINT_BUCKET": CHECKPOINT_BUCKET,
        "DERMALIA_S3_BACKUP_BUCKET": BACKUP_BUCKET,
        "DERMALIA_S3_LEDGER_BUCKET": LEDGER_BUCKET,
        "DERMALIA_S3_ACCESS_KEY": known["s3_access_key"],
        "DERMALIA_S3_SECRET_KEY": known["s3_secret_key"],
        "DERMALIA_S3_REGION": REGION,
    }


def database_url(data: Path, role: str, database: str = DATABASE) -> str:
    """The URL by which `role` reaches `database` over the Unix socket of `data`.

    The folder of the socket stands percent-encoded where a host would, as libpq wants it (psql,
    pg_dump, psycopg). `environ.Env.db()` hands it on encoded: unquote its HOST.
    """
    host = quote(str(Layout.of(data).postgres_sockets), safe="")
    return f"postgres://{role}@{host}:{POSTGRES_PORT}/{database}"


def _create_secrets(layout: Layout) -> None:
    if layout.secrets.exists():
        _refuse_lost(layout, layout.keyring)
        return
    if _holds_data(layout):
        _refuse_lost(layout, layout.secrets)
    # The keyring first: a folder with secrets.json is by definition completely prepared.
    key = base64.b64encode(os.urandom(32)).decode()
    files.create_once(layout.keyring, {"current": 1, "keys": {"1": key}})
    files.create_once(
        layout.secrets,
        {
            "secret_key": secrets.token_urlsafe(48),
            "link_pepper": secrets.token_urlsafe(32),
            "s3_access_key": secrets.token_hex(10),
            "s3_secret_key": secrets.token_hex(32),
        },
    )


def _create_signing_key(layout: Layout) -> None:
    """Make the key that signs checkpoints; also in a folder from before there was one.

    Losing it loses no data: the old checkpoints stay checkable with the old public key.
    """
    if layout.signing_key.exists():
        return
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    pem = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    files.create_text_once(layout.signing_key, pem.decode())


def _refuse_lost(layout: Layout, path: Path) -> None:
    if not path.exists():
        raise EmbeddedError(
            f"{path} is missing although {layout.data} is in use: restore it from a backup."
        )


def _holds_data(layout: Layout) -> bool:
    return (layout.postgres / "cluster").exists()


def _settle_ports(layout: Layout) -> None:
    """Choose a port for S3, and another one if a stranger sits on it."""
    ports.choose_s3_port_once(layout)
    lock = FolderLock(layout.lock)
    if not lock.try_acquire():
        return  # The services run, or are about to: whoever is on the port is no stranger.
    try:
        if is_free(layout.run_lock("s3")):
            ports.leave_taken_s3_port(layout)
    finally:
        lock.release()
