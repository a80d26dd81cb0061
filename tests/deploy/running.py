"""An installation without containers: the entrypoint's processes behind a real Caddy."""

import datetime as dt
import fcntl
import os
import signal
import ssl
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPResponse, HTTPSConnection
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from dermalia.embedded import database_url, environment
from tests.conftest import CLONE
from tests.deploy.installation import DEPLOY, ROOT
from tests.environment import DATA

HOST = "localhost"


def settings_as_files(folder: Path, *, https_port: int, web_port: int) -> dict[str, str]:
    """A production environment on the test's services, whose secrets are files in ``folder``."""
    folder.mkdir()
    values = environment(DATA) | {
        f"DERMALIA_DATABASE{name}_URL": database_url(DATA, role, CLONE)
        for name, role in (
            ("", "dermalia_app"),
            ("_OWNER", "dermalia_owner"),
            ("_SWEEPER", "dermalia_sweeper"),
        )
    }
    given = {name: value for name, value in values.items() if name.endswith("_FILE")}
    for name, value in values.items() - given.items():
        (folder / name).write_text(value + "\n")
        given[f"{name}_FILE"] = str(folder / name)
    regions = {f"DERMALIA_{part}_REGION": "local" for part in ("DATABASE", "REDIS", "WORKER")}
    return {
        "PATH": f"{Path(sys.executable).parent}:/usr/sbin:/usr/bin:/sbin:/bin",
        "DERMALIA_RUN": str(folder),
        "DERMALIA_BIND": f"127.0.0.1:{web_port}",
        "DERMALIA_WEB_PROCESSES": "1",
        "DERMALIA_WORKER_PROCESSES": "1",
        "DERMALIA_PUBLIC_URL": f"https://{HOST}:{https_port}",
        "DERMALIA_HOSTS": HOST,
        "DERMALIA_PROXIES": "1",
        "DERMALIA_MAIL_CARRIER": "own",
        "DERMALIA_HOSTING_ENTITY": "Hosting GmbH",
        "DERMALIA_HOSTING_COUNTRY": "DE",
        **regions,
        **given,
    }


def proxy_environment(
    folder: Path, *, https_port: int, http_port: int, web_port: int
) -> dict[str, str]:
    """Caddy's, with a certificate of our own making in ``folder``."""
    certificate, key = make_certificate(folder)
    return {
        "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": str(folder),
        "DERMALIA_SITES": HOST,
        "DERMALIA_WEB": f"127.0.0.1:{web_port}",
        "DERMALIA_HTTP_PORT": str(http_port),
        "DERMALIA_HTTPS_PORT": str(https_port),
        "DERMALIA_CADDY_TLS": f"{certificate} {key}",
    }


def make_certificate(folder: Path) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    now = dt.datetime.now(dt.UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "certificate.pem", folder / "certificate.key"
    paths[0].write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return paths


def collect_static() -> None:
    """Bring static files as production serves them up to date, in one process at a time."""
    made, sources = ROOT / "staticfiles" / "staticfiles.json", (ROOT / "static").rglob("*")
    newest = max(path.stat().st_mtime for path in sources)
    with Path(tempfile.gettempdir(), "dermalia-collect-static.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if made.exists() and made.stat().st_mtime > newest:
            return
        env = {"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin"}
        subprocess.run([DEPLOY / "collect-static"], env=env, check=True)


@contextmanager
def started(
    command: list[str], env: Mapping[str, str], log: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """The process, in a group of its own that ends with the block."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            command, env=env, stdout=output, stderr=output, start_new_session=True
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def entrypoint(*arguments: str) -> list[str]:
    return [str(DEPLOY / "entrypoint"), *arguments]


def well(part: str, env: Mapping[str, str]) -> bool:
    return not complaint(part, env)


def complaint(part: str, env: Mapping[str, str]) -> str:
    """What the part's health check complains of; nothing if it is well."""
    ended = subprocess.run(
        [sys.executable, DEPLOY / "healthcheck.py", part],
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    return ended.stderr


def trusting(certificate: Path, version: ssl.TLSVersion | None = None) -> ssl.SSLContext:
    """A client that accepts the certificate, and one version of TLS if so told."""
    context = ssl.create_default_context(cafile=str(certificate))
    if version is not None:
        context.minimum_version = context.maximum_version = version
    return context


def ask(
    port: int, context: ssl.SSLContext, path: str, *, method: str = "GET", **headers: str
) -> tuple[HTTPResponse, bytes]:
    connection = HTTPSConnection(HOST, port, timeout=30, context=context)
    try:
        connection.request(method, path, headers=headers)
        response = connection.getresponse()
        return response, response.read()
    finally:
        connection.close()
