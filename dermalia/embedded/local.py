"""A practice's own server: what of its set-up the settings need, kept in the data folder.

A data folder with ``local.json`` belongs to a practice that works with patients. Everything that
runs on it, whatever command it was started by, then has production's protections; without the
file the same services are for trying Dermalia out.
"""

import ssl
from collections.abc import Mapping, MutableMapping
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

from dermalia.embedded import files
from dermalia.embedded.errors import EmbeddedError, one_line_errors
from dermalia.embedded.layout import Layout
from dermalia.embedded.ports import LOOPBACK

if TYPE_CHECKING:
    from cryptography import x509

HTTPS_PORT = 443
ANYWHERE = "0.0.0.0"  # noqa: S104 - the practice's browsers are on other machines
# Ways out that only somebody else's installation has.
_ELSEWHERE = ("DERMALIA_S3_BACKUP_ENDPOINT", "DERMALIA_ADMIN_URL")


@dataclass(frozen=True, slots=True)
class LocalSetup:
    """How one practice's server is reached, and which folders it works with.

    Attributes:
        address: ``https://host`` or ``https://host:port``, as browsers and patients open it.
        folder: where the scanner exports to; an absolute path.
        certificate, key: PEM files this machine serves TLS with; both empty where a proxy of
            the practice's own does, on this same machine.
        listen: the network address the web server listens on.
        port: its port.
        copies: where sealed copies go, such as a mounted NAS; empty for nowhere.
        key_copies: where copies of the keys go, which open those; empty for nowhere.
        mail_authority: a PEM file with the authority of the practice's mail server, where it is
            one of its own; else empty.
    """

    address: str
    folder: str
    certificate: str = ""
    key: str = ""
    listen: str = ANYWHERE
    port: int = HTTPS_PORT
    copies: str = ""
    key_copies: str = ""
    mail_authority: str = ""

    @property
    def host(self) -> str:
        """The name in the address."""
        return urlsplit(self.address).hostname or ""

    @property
    def behind_proxy(self) -> bool:
        """Whether somebody else on this machine speaks TLS."""
        return not self.certificate


def load(data: Path) -> LocalSetup | None:
    """The set-up of the data folder `data`, or None where it is for trying out.

    Raises EmbeddedError if the file is damaged or readable by others.
    """
    layout = Layout.of(data)
    with one_line_errors(layout.data):
        try:
            stored = files.read_private(layout.local)
        except FileNotFoundError:
            return None
    known = {field.name for field in fields(LocalSetup)}
    if not {"address", "folder"} <= stored.keys() <= known:
        raise EmbeddedError(f"{layout.local} is damaged: restore it, or remove it and set up anew.")
    return LocalSetup(**stored)


def store(data: Path, setup: LocalSetup) -> None:
    """Keep `setup` in the data folder, in one step. Raises EmbeddedError if that fails."""
    layout = Layout.of(data)
    with one_line_errors(layout.data):
        files.replace(layout.local, asdict(setup))


def local_environment(setup: LocalSetup) -> dict[str, str]:
    """The DERMALIA_* variables that the set-up decides, and nothing else may."""
    return {
        "DERMALIA_PUBLIC_URL": setup.address,
        "DERMALIA_HOSTS": setup.host,
        "DERMALIA_SCAN_FOLDERS": str(Path(setup.folder).parent),
        "DERMALIA_MAIL_CARRIER": "own",
        "DERMALIA_MAIL_AUTHORITY": setup.mail_authority,
        "DERMALIA_PROXIES": "1" if setup.behind_proxy else "0",
    }


def require_undisputed(decided: Mapping[str, str], given: MutableMapping[str, str]) -> None:
    """Take every value of `decided` over into the environment `given`.

    Raises EmbeddedError where somebody set another one: a database or a bucket elsewhere would
    take a practice's data out of its house.
    """
    for name, value in decided.items():
        if given.setdefault(name, value) != value:
            raise EmbeddedError(
                f"{name} is set in the environment, but a practice's own server takes it from its "
                "data folder: leave it away."
            )
    elsewhere = [name for name in _ELSEWHERE if given.get(name)]
    if elsewhere:
        raise EmbeddedError(f"{elsewhere[0]} would lead out of this server: leave it away.")


def require_sound(setup: LocalSetup) -> None:
    """Raise EmbeddedError, in one line, for a set-up that could not work or would not be safe."""
    _require_address(setup.address)
    if bool(setup.certificate) != bool(setup.key):
        raise EmbeddedError("--certificate and --key belong together: name both, or neither.")
    if setup.behind_proxy and not _is_loopback(setup.listen):
        raise EmbeddedError(
            "Without --certificate the pages leave this server unencrypted, which is for a proxy "
            f"on this same machine only: listen on {LOOPBACK}."
        )
    if not Path(setup.folder).is_dir():
        raise EmbeddedError(f"{setup.folder} is not a folder: --folder is where scans come to.")
    _require_copies(setup)
    if setup.certificate:
        _require_certificate(setup)
    if setup.mail_authority:
        _require_authority(setup.mail_authority)


def _require_copies(setup: LocalSetup) -> None:
    named = [Path(place).resolve() for place in (setup.copies, setup.key_copies) if place]
    for place in named:
        if not place.is_dir():
            raise EmbeddedError(f"{place} is not a folder: is the NAS mounted?")
    if len(named) > 1 and (
        named[0] in {named[1], *named[1].parents} or named[1] in named[0].parents
    ):
        raise EmbeddedError(
            "--copies and --key-copies must be apart: whoever has both can read everything."
        )


def _require_address(address: str) -> None:
    parts = _parts(address)
    plain = parts and not (parts.username or parts.query or parts.fragment or parts.path)
    if not parts or not plain or parts.scheme != "https" or not parts.hostname:
        raise EmbeddedError(f"{address} is not an address like https://haut.praxis.example.")
    if address != address.lower():
        raise EmbeddedError(f"Please write {address} in small letters, as browsers do.")


def _parts(address: str) -> SplitResult | None:
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError:
        return None
    return parts


def _is_loopback(listen: str) -> bool:
    try:
        return ip_address(listen).is_loopback
    except ValueError:
        return listen == "localhost"


def _require_certificate(setup: LocalSetup) -> None:
    from cryptography import x509

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        # Asked for a passphrase it would wait at every start, before nobody.
        context.load_cert_chain(setup.certificate, setup.key, password=lambda: b"")
        leaf = x509.load_pem_x509_certificates(Path(setup.certificate).read_bytes())[0]
    except (OSError, ValueError, IndexError) as error:
        raise EmbeddedError(
            f"{setup.certificate} and {setup.key} are not a certificate and its key, "
            f"both PEM, the key without passphrase: {error}"
        ) from error
    if leaf.not_valid_after_utc <= datetime.now(UTC):
        raise EmbeddedError(
            f"{setup.certificate} ran out on {leaf.not_valid_after_utc:%Y-%m-%d}: renew it."
        )
    if not _names(leaf, setup.host):
        raise EmbeddedError(f"{setup.certificate} is not for {setup.host}.")


def _names(leaf: "x509.Certificate", host: str) -> bool:
    """Whether a browser would take the certificate for `host`."""
    from cryptography import x509

    try:
        alternatives = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return False
    try:
        return ip_address(host) in alternatives.get_values_for_type(x509.IPAddress)
    except ValueError:
        names = {name.lower() for name in alternatives.get_values_for_type(x509.DNSName)}
    return host in names or f"*.{host.partition('.')[2]}" in names


def _require_authority(path: str) -> None:
    try:
        ssl.create_default_context(cafile=path)
    except OSError as error:
        raise EmbeddedError(f"{path} holds no certificate of an authority: {error}") from error
