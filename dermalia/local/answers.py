"""What whoever sets a practice's server up has to say: by flags, or asked at a terminal."""

import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from getpass import getpass
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from dermalia.embedded.local import ANYWHERE, HTTPS_PORT, LocalSetup
from dermalia.embedded.ports import LOOPBACK
from dermalia.local.errors import SetupRefused

PROXIED_PORT = 8000
NOWHERE = "none"

# What is asked where nobody said it, by the flag that says it.
_QUESTIONS = {
    "address": "Address that browsers open, as https://haut.praxis.example",
    "folder": "Folder that the scanner exports to",
    "practice": "Name of the practice",
    "email": "E-mail address of the practice, which patients' answers go to",
    "owner": "E-mail address of the owner, who signs in first",
    "smtp_host": "Mail server (SMTP) of the practice",
    "smtp_user": "Account at the mail server",
    "sender": "E-mail address that mails come from",
}


# What has a default, or may stay away.
_UNASKED = (
    "certificate",
    "key",
    "behind_proxy",
    "language",
    "copies",
    "key_copies",
    "smtp_port",
    "smtp_security",
    "smtp_password_file",
    "smtp_authority",
)


def add_arguments(parser: CommandParser) -> None:
    """The flags of ``manage.py up`` that set a practice's own server up."""
    parser.add_argument("--local", action="store_true", help="a practice's own server")
    here = parser.add_argument_group("where it is reached (docs/local.md)")
    here.add_argument("--address", help="https://…, as browsers and patients open it")
    here.add_argument("--certificate", help="PEM file of the address's certificate and its chain")
    here.add_argument("--key", help="PEM file of the certificate's key, without passphrase")
    here.add_argument(
        "--behind-proxy",
        action="store_true",
        default=None,
        help="a proxy on this machine speaks TLS; the pages are served on loopback only",
    )
    scans = parser.add_argument_group("the practice")
    scans.add_argument("--practice", help="its name")
    scans.add_argument("--email", help="its address, which patients' answers go to")
    scans.add_argument("--owner", help="e-mail address of the owner, who signs in first")
    scans.add_argument("--language", choices=["de", "en"], help="of its mails (default: de)")
    scans.add_argument("--folder", help="that the scanner exports to")
    scans.add_argument(
        "--copies", help=f"folder for sealed copies, such as a mounted NAS; {NOWHERE!r} for nowhere"
    )
    scans.add_argument(
        "--key-copies", help="folder for copies of the keys, apart from --copies; or 'none'"
    )
    mail = parser.add_argument_group("the practice's mail server")
    mail.add_argument("--smtp-host")
    mail.add_argument("--smtp-port", type=int, help="default: as the security has it")
    mail.add_argument("--smtp-security", choices=["tls", "starttls"], help="default: starttls")
    mail.add_argument("--smtp-user")
    mail.add_argument("--smtp-password-file", help="a file with the password; else it is asked for")
    mail.add_argument("--smtp-authority", help="PEM file of the server's own authority")
    mail.add_argument("--from", dest="sender", help="e-mail address that mails come from")


def flags_given(options: Mapping[str, Any]) -> list[str]:
    """Those of the flags above that somebody used, ``--local`` itself left out."""
    names = (*_QUESTIONS, *_UNASKED)
    return [_flag(name) for name in names if options.get(name) is not None]


class Answers:
    """Flags first, then questions; without a terminal nobody is asked."""

    def __init__(
        self, options: Mapping[str, Any], *, ask: Callable[[str], str] | None = None
    ) -> None:
        self._options = dict(options)
        self._ask = ask or (_ask if sys.stdin.isatty() else None)

    def given(self, name: str) -> str:
        """What a flag says; empty where it is not there."""
        return str(self._options.get(name) or "").strip()

    def any_given(self, *names: str) -> bool:
        """Whether a flag says anything about one of these."""
        return any(self._options.get(name) is not None for name in names)

    def require(self, *names: str) -> dict[str, str]:
        """An answer to each of these, whatever way it comes.

        Raises:
            SetupRefused: all that is missing, in one sentence.
        """
        found = {name: self.given(name) or self._asked(name) for name in names}
        self._options |= found  # nobody is asked twice
        missing = [_flag(name) for name, answer in found.items() if not answer]
        if missing:
            raise SetupRefused(f"Please say {', '.join(missing)} (docs/local.md).")
        return found

    def password(self) -> str:
        """The mail account's, from its file or typed in; empty where there is neither.

        Raises:
            SetupRefused: the file cannot be read.
        """
        path = self.given("smtp_password_file")
        if path:
            return _first_line(Path(path))
        return getpass("Password of the mail account: ") if self._ask is not None else ""

    def _asked(self, name: str) -> str:
        return self._ask(f"{_QUESTIONS[name]}: ").strip() if self._ask is not None else ""


def setup_from(answers: Answers, known: LocalSetup | None) -> LocalSetup:
    """The set-up as it is to be: what is known, changed by what flags say.

    Raises:
        SetupRefused: something is missing.
    """
    if known is None:
        said = answers.require("address", "folder")
        known = _reached(
            LocalSetup(said["address"].rstrip("/"), _absolute(said["folder"])), answers
        )
        if known.behind_proxy and not answers.any_given("behind_proxy"):
            raise SetupRefused(
                "Browsers reach this server by TLS only: name --certificate and --key, or say "
                "--behind-proxy if a proxy on this machine speaks it (docs/local.md)."
            )
    return _changed(known, answers)


def _changed(known: LocalSetup, answers: Answers) -> LocalSetup:
    if address := answers.given("address"):
        known = replace(known, address=address.rstrip("/"))
    if folder := answers.given("folder"):
        known = replace(known, folder=_absolute(folder))
    if authority := answers.given("smtp_authority"):
        known = replace(known, mail_authority=_absolute(authority))
    if copies := answers.given("copies"):
        known = replace(known, copies="" if copies == NOWHERE else _absolute(copies))
    if keys := answers.given("key_copies"):
        known = replace(known, key_copies="" if keys == NOWHERE else _absolute(keys))
    return _reached(known, answers)


def _reached(known: LocalSetup, answers: Answers) -> LocalSetup:
    """By TLS of our own or behind a proxy; the port follows unless somebody says it."""
    if answers.any_given("behind_proxy"):
        if answers.given("certificate") or answers.given("key"):
            raise SetupRefused("--behind-proxy and --certificate exclude each other.")
        known = replace(known, certificate="", key="", listen=LOOPBACK, port=PROXIED_PORT)
    elif certificate := answers.given("certificate"):
        known = replace(known, certificate=_absolute(certificate), listen=ANYWHERE)
        known = replace(known, port=_port_in(known.address))
    if (key := answers.given("key")) and known.certificate:
        known = replace(known, key=_absolute(key))
    if known.certificate and answers.given("address"):
        known = replace(known, port=_port_in(known.address))
    if listen := answers.given("host"):
        known = replace(known, listen=listen)
    if answers.any_given("port"):
        known = replace(known, port=int(answers.given("port")))
    return known


def _port_in(address: str) -> int:
    _, _, port = address.removeprefix("https://").rpartition(":")
    return int(port) if port.isdecimal() else HTTPS_PORT


def _absolute(path: str) -> str:
    # Not resolved: what renews a certificate puts another file behind the same name.
    return str(Path(path).expanduser().absolute())


def _first_line(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").splitlines()[0]
    except (OSError, UnicodeDecodeError, IndexError) as error:
        raise SetupRefused(f"The password cannot be read from {path}: {error}") from error


def _flag(name: str) -> str:
    return "--from" if name == "sender" else f"--{name.replace('_', '-')}"


def _ask(question: str) -> str:
    return input(question)
