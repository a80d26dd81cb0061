"""Trying a connection out, one step at a time, for whoever is setting it up."""

import hashlib
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from django.db import models
from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from requests import RequestException
from urllib3.exceptions import HTTPError

from audit.chain import Who, record
from audit.words import Action
from dermalia.residency import dialing, egress
from dermalia.tenancy import practice_scope
from scans.domain.sources import Source, open_cluster, open_folder
from scans.errors import SourceError
from scans.folder import FolderSource, aside
from scans.isemeco import AssetFile, IsemecoClient
from scans.isemeco.errors import (
    AddressRefused,
    Busy,
    ContractBroken,
    CredentialsRefused,
    RedirectRefused,
    ScanGone,
)
from scans.models import Connection

Sentence = str | Promise


class Step(models.TextChoices):
    """What is tried, in this order."""

    HOST = "host", _("Address allowed")
    NAME = "name", _("Name found")
    TLS = "tls", _("Secure connection")
    CREDENTIALS = "credentials", _("Access data")
    SERIAL = "serial", _("Scanner")
    FOLDER = "folder", _("Watched folder")
    LIST = "list", _("List of scans")
    SAMPLE = "sample", _("Sample file")
    CHECKSUM = "checksum", _("Checksum")


@dataclass(frozen=True, slots=True)
class Line:
    """How one step went: a sentence to act on, in the language of whoever reads it."""

    step: Step
    ok: bool
    sentence: Sentence
    milliseconds: int


class StepFailed(Exception):
    """A step went wrong; nothing after it is tried."""

    def __init__(self, sentence: Sentence) -> None:
        super().__init__()
        self.sentence = sentence


def check_connection(*, connection: Connection, who: Who, serial: str = "") -> Iterator[Line]:
    """Try the connection out as far as it goes; stops after the first step that fails.

    Nothing that is read is kept. The entry in the log comes first, as a sample is health data.

    Args:
        serial: what is written on the scanner, to be compared with what it says of itself.
    """
    with practice_scope(connection.practice_id):
        record(Action.CONNECTION_TESTED, who=who)
    check = _FolderCheck(connection) if connection.folder else _ClusterCheck(connection, serial)
    for step, attempt in check.steps():
        began = time.monotonic()
        ok, sentence = _outcome(attempt)
        yield Line(step, ok, sentence, round((time.monotonic() - began) * 1000))
        if not ok:
            return


Attempts = Iterator[tuple[Step, Callable[[], Sentence]]]


def _outcome(attempt: Callable[[], Sentence]) -> tuple[bool, Sentence]:
    try:
        return True, attempt()
    except StepFailed as failure:
        return False, failure.sentence
    except SourceError as error:
        return False, _sentence_for(error)


@dataclass
class _Sampling:
    """The steps that all sources share."""

    connection: Connection
    _identifiers: list[str] = field(default_factory=list, init=False)
    _sample: AssetFile | None = field(default=None, init=False)
    _digest: str = field(default="", init=False)

    def shared_steps(self, source: Callable[[], Source]) -> Attempts:
        yield Step.LIST, lambda: self._list(source())
        if self._identifiers:
            yield Step.SAMPLE, lambda: self._download(source())
            yield Step.CHECKSUM, self._compare

    def _list(self, source: Source) -> Sentence:
        self._identifiers = source.list_scans(limit=1).identifiers
        if self._identifiers:
            return _("Scans can be listed.")
        return _("There is no scan yet. Take one and test again to see it arrive.")

    def _download(self, source: Source) -> Sentence:
        name = self._identifiers[0]
        manifest, _dropped = source.manifest(name)
        self._sample = min(manifest.assets, key=lambda asset: asset.bytes)
        digest = hashlib.sha256()
        with source.open_asset(name, self._sample) as pieces:
            for piece in pieces:
                digest.update(piece)
        self._digest = digest.hexdigest()
        return format_lazy(_("A file of {bytes} bytes arrived."), bytes=self._sample.bytes)

    def _compare(self) -> Sentence:
        if self._sample is None or self._digest != self._sample.sha256:
            raise StepFailed(
                _("The file arrived damaged. Test again; if it stays so, tell the scanner's maker.")
            )
        return _("The file arrived as the scanner made it.")


class _ClusterCheck(_Sampling):
    def __init__(self, connection: Connection, serial: str) -> None:
        super().__init__(connection)
        self._serial = serial.strip()
        self._secure, self._host, self._port = False, "", 0
        self._client: IsemecoClient | None = None

    def steps(self) -> Attempts:
        yield Step.HOST, self._admit
        yield Step.NAME, self._resolve
        yield Step.TLS, self._connect
        yield Step.CREDENTIALS, self._sign_in
        yield Step.SERIAL, self._meet
        yield from self.shared_steps(self._cluster)

    def _cluster(self) -> IsemecoClient:
        if self._client is None:
            with practice_scope(self.connection.practice_id):
                self._client = open_cluster(self.connection)
        return self._client

    def _admit(self) -> Sentence:
        try:
            egress.require_admitted(self.connection.base_url)
        except egress.EgressRefused as refusal:
            raise StepFailed(
                _("This address is not in the register of services. Check it for a slip.")
            ) from refusal
        # Only an address that was admitted can be taken apart without surprises.
        parts = urlsplit(self.connection.base_url)
        self._secure = parts.scheme == "https"
        self._host = parts.hostname or ""
        self._port = parts.port or (443 if self._secure else 80)
        return _("The address is in the register of services.")

    def _resolve(self) -> Sentence:
        try:
            dialing.resolve(self._host, self._port)
        except OSError as fault:
            raise StepFailed(
                _("The name of the cluster is not found. Check this server's DNS and network.")
            ) from fault
        except dialing.AddressRefused as refusal:
            raise StepFailed(
                _("The name leads to an address that must not be called. Ask your network admin.")
            ) from refusal
        return _("The name of the cluster is found.")

    def _connect(self) -> Sentence:
        if not self._secure:
            return _("A stand-in on this machine needs no encryption.")
        try:
            version = egress.tls_version(self._host, self._port)
        except ssl.SSLCertVerificationError as fault:
            raise StepFailed(
                _("The cluster's certificate is not accepted. Does something stand in between?")
            ) from fault
        except (OSError, HTTPError, RequestException, dialing.AddressRefused) as fault:
            raise StepFailed(
                _("The cluster does not answer. Does a firewall close port 443 to the outside?")
            ) from fault
        return format_lazy(_("Encrypted with {version}, certificate accepted."), version=version)

    def _sign_in(self) -> Sentence:
        self._cluster().sign_in()
        return _("The access data are accepted.")

    def _meet(self) -> Sentence:
        device = self._cluster().device()
        if self._serial and self._serial.casefold() != device.serial.casefold():
            raise StepFailed(
                format_lazy(
                    _("The access data belong to scanner {serial}, not to the one you named."),
                    serial=device.serial,
                )
            )
        return format_lazy(_("Scanner {serial} is known."), serial=device.serial)


class _FolderCheck(_Sampling):
    def steps(self) -> Attempts:
        yield Step.FOLDER, self._write
        yield from self.shared_steps(self._folder)

    def _folder(self) -> FolderSource:
        return open_folder(self.connection)

    def _write(self) -> Sentence:
        folder = self._folder()
        folder.list_scans()
        aside.require_writable(folder.path)
        return _("The folder can be read and written to.")


def _sentence_for(error: SourceError) -> Sentence:
    for kind, sentence in _SENTENCES:
        if isinstance(error, kind):
            return sentence
    with suppress(KeyError):
        return _OTHERWISE[type(error).__module__.split(".")[1]]
    return str(error)


_SENTENCES: tuple[tuple[type[SourceError], Sentence], ...] = (
    (CredentialsRefused, _("The access data are not accepted. Enter them again.")),
    (ScanGone, _("The scan is no longer on the cluster. Take a new one and test again.")),
    (Busy, _("The cluster is busy. Wait a minute and test again.")),
    (RedirectRefused, _("The cluster sends us to another address, which we never follow.")),
    (AddressRefused, _("The cluster names an address that must not be called.")),
    (ContractBroken, _("The cluster answers in another way than agreed. Please contact support.")),
)
_OTHERWISE: dict[str, Sentence] = {
    "isemeco": _("The cluster does not answer as it should. Wait a minute and test again."),
    "folder": _("The folder or an export in it cannot be read. Check that it is there."),
}
