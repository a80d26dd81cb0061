import json
import threading
from dataclasses import asdict
from pathlib import Path
from time import perf_counter
from typing import Any

import requests
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, connections

from dermalia.embedded import EmbeddedError, Supervisor
from dermalia.embedded.running import start_services, supervisor
from dermalia.local.errors import SetupRefused
from dermalia.local.taking_in import require_usable_folder
from dermalia.residency import guard
from dermalia.sandbox.demo import tenant
from dermalia.sandbox.demo.credentials import StandIns
from dermalia.sandbox.demo.life import (
    Account,
    await_web,
    known_scans,
    lay_export,
    live,
    take_scan,
    until,
)
from dermalia.sandbox.demo.patient import DemoFailed, wait_for_link
from dermalia.sandbox.isemeco import captures_from_folder

HOST = "127.0.0.1"


class Command(BaseCommand):
    help = "Runs everything with stand-ins for the outside services and synthetic data."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--sandbox-port", type=int, default=8081, help="and the next one")
        parser.add_argument("--language", choices=["de", "en"], default="de")
        parser.add_argument("--source", type=Path, help="a folder with scans to use instead")
        parser.add_argument(
            "--folder", type=Path, help="a folder to watch for exports besides, as a practice's own"
        )
        parser.add_argument("--once", action="store_true", help="live one life and stop")
        parser.add_argument("--json", action="store_true", help="end with one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.EMBEDDED:
            raise CommandError("The demo runs on the embedded services: DERMALIA_MODE=embedded.")
        if settings.LOCAL:
            raise CommandError(
                f"{settings.DATA_DIR} is a practice's own: name another folder for the demo, as in"
                " DERMALIA_DATA=/tmp/dermalia-demo."
            )
        guard.admit_this_machine()  # it waits for its own web server and stand-ins
        self.began = perf_counter()
        self.options = options
        self.failure = ""
        try:
            code = self._run()
        except EmbeddedError as error:
            raise CommandError(str(error)) from error
        if self.failure or code:
            raise CommandError(self.failure or "The demo has stopped.")

    def _run(self) -> int:
        options = self.options
        source = options["source"] and options["source"].resolve()
        try:
            self.captures = len(captures_from_folder(source)) if source else 0
            self.folder = options["folder"] and options["folder"].resolve()
            if self.folder:
                self.folder.mkdir(parents=True, exist_ok=True)
                require_usable_folder(self.folder)
        except (OSError, ValueError, SetupRefused) as mistake:
            raise CommandError(str(mistake)) from mistake
        self.base_url = f"http://localhost:{options['port']}"
        self.stand_ins = StandIns.on(options["sandbox_port"])
        services = start_services(settings.DATA_DIR)
        try:
            self.practice = tenant.demo_practice(
                self.stand_ins, language=options["language"], folder=self.folder
            )
            self.known = known_scans(self.practice)
            connections.close_all()
            everything = supervisor(
                services,
                host=HOST,
                port=options["port"],
                env={
                    **self.stand_ins.application_env(),
                    **({"DERMALIA_SCAN_FOLDERS": str(self.folder.parent)} if self.folder else {}),
                    "DERMALIA_PUBLIC_URL": self.base_url,
                },
                also=[self.stand_ins.child(source=source, application_url=self.base_url)],
                on_ready=lambda: self._tell(everything),
                quiet=options["json"],
            )
            return everything.run()
        finally:
            services.stop()

    def _tell(self, everything: Supervisor) -> None:
        story = self._once if self.options["once"] else self._story

        def telling() -> None:
            try:
                story(everything)
            except (DemoFailed, requests.RequestException, DatabaseError) as failure:
                self.failure = f"The demo failed: {failure}."
                everything.stop()
            finally:
                connections.close_all()

        threading.Thread(target=telling, daemon=True, name="demo").start()

    def _story(self, _everything: Supervisor) -> None:
        """Say where to click, then let the first scan happen."""
        await_web(self.base_url)
        self._say(f"Dermalia runs with synthetic data ({perf_counter() - self.began:.0f} s).\n")
        self._say(f"  practice   open {tenant.sign_in_url(self.practice, self.base_url)}")
        self._say(f"  scanner    open http://localhost:{self.stand_ins.port}/   (take more scans)")
        if self.folder:
            self._say(f"  folder     watched: {lay_export(self.folder)} was just exported")
        self._say(f"  mailbox    open http://localhost:{self.stand_ins.port + 1}/")
        self._say(f"  patient    open {self._earlier_link() or self._first_link()}")

    def _earlier_link(self) -> str | None:
        if self.captures:
            return None
        return tenant.newest_report_url(self.practice, self.base_url)

    def _first_link(self) -> str:
        if not self.captures:
            take_scan(self.stand_ins)
        seen: set[str] = set()
        return until(
            lambda: wait_for_link(self.stand_ins.resend_url, seen=seen), "no mail with a link came"
        )

    def _once(self, everything: Supervisor) -> None:
        """One life for each scan of the source, or of one synthetic face; then stop."""
        account = Account()
        account.stages["start"] = round(perf_counter() - self.began, 3)
        await_web(self.base_url)
        if not self.captures:
            take_scan(self.stand_ins)
        seen: set[str] = set()
        for _ in range(self.captures or 1):
            live(account, self.practice, self.stand_ins, known=self.known, seen=seen)
        everything.stop()
        if self.options["json"]:
            self._say(json.dumps(asdict(account)))
            return
        for name, seconds in account.stages.items():
            self._say(f"  {name:22} {seconds:6.2f} s")
        self._say(f"  erased in {account.erasure_seconds} s, {account.objects_left} objects left")

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
