"""``python -m dermalia.sandbox``: both stand-ins in the foreground until SIGTERM or Ctrl-C.

Prints nothing when all is well. Secrets are better given by environment variable than as
arguments, which every user of the machine can read.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from dermalia.sandbox.isemeco import Captured, IsemecoStandIn, captures_from_folder
from dermalia.sandbox.isemeco.studio import SYNTHETIC
from dermalia.sandbox.resend import Hook, ResendStandIn
from dermalia.sandbox.standin import StandIn

DEMO_ADDRESS = "patient@example.org"


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until told to stop; returns the exit code."""
    options = _parser().parse_args(arguments)
    secret = options.client_secret or os.environ.get("DERMALIA_SANDBOX_CLIENT_SECRET", "")
    api_key = options.api_key or os.environ.get("DERMALIA_SANDBOX_API_KEY", "")
    if not secret or not api_key:
        return _refuse(
            "a client secret and an API key are needed, as options or in the environment"
        )
    try:
        captures = _captures(options.source)
    except (OSError, ValueError) as mistake:
        return _refuse(str(mistake))
    isemeco = IsemecoStandIn(
        options.host,
        options.isemeco_port,
        client_id=options.client_id,
        client_secret=secret,
        captures=captures,
    )
    resend = ResendStandIn(options.host, options.resend_port, api_key=api_key, hook=_hook())
    stop = _stop_signal()
    with ExitStack() as running:
        for stand_in in (isemeco, resend):
            try:
                running.enter_context(stand_in)
            except OSError as trouble:
                return _refuse(f"{_address(stand_in, options.host)}: {trouble.strerror}")
        _first_scans(isemeco, captures, options.scans)
        stop.wait()
    return 0


def _hook() -> Hook | None:
    """Where to tell what became of mails, if anybody wants to know."""
    url = os.environ.get("DERMALIA_SANDBOX_HOOK_URL", "")
    secret = os.environ.get("DERMALIA_SANDBOX_HOOK_SECRET", "")
    return Hook(url, secret) if url and secret else None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m dermalia.sandbox", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--isemeco-port", type=int, default=8081)
    parser.add_argument("--resend-port", type=int, default=8082)
    parser.add_argument("--client-id", default="dermalia")
    parser.add_argument("--client-secret", help="or DERMALIA_SANDBOX_CLIENT_SECRET")
    parser.add_argument("--api-key", help="or DERMALIA_SANDBOX_API_KEY")
    parser.add_argument("--source", type=Path, help="a folder with a scan, or of such folders")
    parser.add_argument(
        "--scans", type=int, help="synthetic scans at the start (1, or 0 with --source)"
    )
    return parser


def _captures(source: Path | None) -> Mapping[str, Captured]:
    return captures_from_folder(source) if source else {}


def _first_scans(
    isemeco: IsemecoStandIn, captures: Mapping[str, Captured], synthetic: int | None
) -> None:
    count = synthetic if synthetic is not None else int(not captures)
    for subject in (*captures, *[SYNTHETIC] * count):
        isemeco.take_scan(subject, first_name="Demo", email=DEMO_ADDRESS)


def _stop_signal() -> threading.Event:
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop


def _address(stand_in: StandIn, host: str) -> str:
    return f"{type(stand_in).__name__} cannot listen on {host}:{stand_in.port}"


def _refuse(reason: str) -> int:
    sys.stderr.write(f"sandbox: {reason}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
