import os
import sys
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections

from dermalia.embedded import EmbeddedError, Services, Supervisor, environment
from dermalia.embedded.layout import Layout
from dermalia.embedded.local import LocalSetup, local_environment, require_sound, store
from dermalia.embedded.locks import FolderLock
from dermalia.embedded.ports import LOOPBACK
from dermalia.embedded.running import start_services, supervisor
from dermalia.local.answers import Answers, add_arguments, flags_given, setup_from
from dermalia.local.copies import CopyRefused, claim, installation
from dermalia.local.errors import SetupRefused
from dermalia.local.taking_in import owners_link, prepare_practice, require_usable_folder
from dermalia.local.upgrading import UpgradeRefused, UpgradeWithBackup

TRIAL_PORT = 8000


class Command(BaseCommand):
    help = "Runs everything on this machine: Postgres, Redis, S3, web, workers, beat."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", help=f"network address to listen on (default: {LOOPBACK})")
        parser.add_argument("--port", type=int, help=f"default: {TRIAL_PORT}")
        add_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.EMBEDDED:
            raise CommandError("manage.py up runs the embedded services: DERMALIA_MODE=embedded.")
        try:
            code = self._local(options) if self._is_local(options) else self._trial(options)
        except (EmbeddedError, SetupRefused, UpgradeRefused, CopyRefused) as error:
            raise CommandError(str(error)) from error
        if code:
            raise CommandError("Dermalia has stopped.")

    def _is_local(self, options: dict[str, Any]) -> bool:
        # A practice's server stays one, whatever somebody forgets to say.
        return bool(options["local"] or settings.LOCAL)

    def _trial(self, options: dict[str, Any]) -> int:
        stray = flags_given(options)
        if stray:
            raise SetupRefused(f"{stray[0]} is for a practice's own server: say --local as well.")
        host, port = options["host"] or LOOPBACK, options["port"] or TRIAL_PORT
        url = os.environ.get("DERMALIA_PUBLIC_URL", f"http://localhost:{port}")
        services = start_services(settings.DATA_DIR)
        return self._run(
            services,
            lambda: supervisor(
                services,
                host=host,
                port=port,
                env={"DERMALIA_PUBLIC_URL": url},
                on_ready=lambda: self.stdout.write(f"Dermalia runs: open {url}/"),
            ),
        )

    def _local(self, options: dict[str, Any]) -> int:
        answers = Answers(options)
        setup = setup_from(answers, settings.LOCAL_SETUP)
        if setup != settings.LOCAL_SETUP:
            _take_over(setup, settings.LOCAL_SETUP)
            _start_over()
        upgrade = UpgradeWithBackup(tell=self.stdout.write)
        services = start_services(settings.DATA_DIR, before_upgrade=upgrade.back_up)
        return self._run(services, partial(self._practices_own, services, setup, answers, upgrade))

    def _practices_own(
        self, services: Services, setup: LocalSetup, answers: Answers, upgrade: UpgradeWithBackup
    ) -> Supervisor:
        upgrade.finish()
        practice = prepare_practice(setup, answers)
        link = owners_link(practice)
        connections.close_all()

        def tell() -> None:
            self.stdout.write(f"Dermalia runs for {practice.name}: {setup.address}/")
            if link is not None:
                self.stdout.write(f"The owner sets up their sign-in here, once: {link}")
            self.stdout.flush()

        return supervisor(
            services,
            host=setup.listen,
            port=setup.port,
            env={},
            web_options=_web_options(setup),
            on_ready=tell,
        )

    def _run(self, services: Services, make: Any) -> int:
        try:
            everything: Supervisor = make()
        except BaseException:
            services.stop()
            raise
        return everything.run()


def _web_options(setup: LocalSetup) -> list[str]:
    if setup.behind_proxy:
        return []
    return [
        f"--certfile={setup.certificate}",
        f"--keyfile={setup.key}",
        "--config=python:dermalia.embedded.tls",
    ]


def _take_over(setup: LocalSetup, before: LocalSetup | None) -> None:
    """Keep a set-up that can work.

    Looked at when it changes, not at each start: a NAS or a share that is away for an hour must
    not keep patients from their reports.
    """
    require_sound(setup)
    require_usable_folder(Path(setup.folder))
    lock = FolderLock(Layout.of(settings.DATA_DIR).lock)
    if not lock.try_acquire():
        # Its processes have read the earlier one, and would not start again beside this.
        raise SetupRefused(f"Dermalia runs on {settings.DATA_DIR}: stop it, then change it.")
    try:
        known = {before.copies, before.key_copies} if before else set()
        for place in {setup.copies, setup.key_copies} - known - {""}:
            claim(Path(place), of=installation())
        store(settings.DATA_DIR, setup)
    finally:
        lock.release()


def _start_over() -> NoReturn:
    """Run this command again from its beginning: settings are read once per process."""
    decided = environment(settings.DATA_DIR)
    if settings.LOCAL_SETUP is not None:
        decided |= local_environment(settings.LOCAL_SETUP)
    env = {name: value for name, value in os.environ.items() if decided.get(name) != value}
    sys.stdout.flush()
    os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], env)  # noqa: S606
