"""What both stand-ins share: lifecycle, dispatch with faults, request log, sandbox endpoints."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Self

from dermalia.sandbox.faults import Fault, FaultKind, Faults
from dermalia.sandbox.http import Request, Response, Route, Server, json_response, see_other

GATEWAY_PAGE = (
    b"<html><head><title>502 Bad Gateway</title></head><body>502 Bad Gateway</body></html>"
)
SANDBOX_PREFIX = "/_sandbox/"


@dataclass(frozen=True)
class Logged:
    """One answered request. The path carries no query, so no signature or cursor is kept."""

    method: str
    path: str
    status: int
    scope: str | None
    at: float


def wire_faults(scopes: Sequence[str]) -> tuple[FaultKind, ...]:
    """The faults every HTTP service can have, for requests of the given scopes."""
    everywhere = tuple(scopes)
    return (
        FaultKind("status", "Server error (HTTP {})", everywhere, 500),
        FaultKind("gateway", "Gateway error in HTML (502)", everywhere),
        FaultKind("busy", "Too many requests (429, pause {} s)", everywhere, 1),
        FaultKind("drop", "Connection closed without an answer", everywhere),
        FaultKind("slow", "Slow ({} bytes/s)", everywhere, 50_000),
        FaultKind("cut", "Cut off after {} bytes", everywhere, 1_000),
    )


class StandIn:
    """A service on a thread of its own. Subclasses give routes, fault kinds and error bodies.

    Usable as a context manager; `start` and `stop` may each be called again without harm.
    """

    def __init__(self, host: str, port: int, kinds: Sequence[FaultKind]) -> None:
        self._address = (host, port)
        self._server: Server | None = None
        self._thread: threading.Thread | None = None
        self._log: list[Logged] = []
        self._log_lock = threading.Lock()
        self.faults = Faults(kinds)
        self._routes = (*self.routes(), *self._sandbox_routes())

    def routes(self) -> Sequence[Route]:
        """The service's own routes."""
        raise NotImplementedError

    def error(self, status: int, detail: str, *, retry_after: float | None = None) -> Response:
        """An error in the form the real service gives it."""
        raise NotImplementedError

    def start(self) -> Self:
        """Bind and serve. Raises OSError when the port is taken."""
        if self._server is not None:
            return self
        self._server = Server(self._address, self._respond)
        self._address = (self._address[0], self._server.server_port)
        self._thread = threading.Thread(target=self._server.run, name=type(self).__name__)
        self._thread.daemon = True
        self._thread.start()
        return self

    def stop(self) -> None:
        """Close every connection and free the port; what was received is kept."""
        if self._server is None or self._thread is None:
            return
        self._server.end()
        self._thread.join()
        self._server = self._thread = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def port(self) -> int:
        """The port served; known after `start` if 0 was asked for."""
        return self._address[1]

    @property
    def url(self) -> str:
        """Base URL without a trailing slash."""
        host = f"[{self._address[0]}]" if ":" in self._address[0] else self._address[0]
        return f"http://{host}:{self.port}"

    @property
    def log(self) -> tuple[Logged, ...]:
        """Every request answered so far, oldest first."""
        with self._log_lock:
            return tuple(self._log)

    @property
    def connections(self) -> int:
        """How many connections were accepted since `start`."""
        return self._server.accepted if self._server else 0

    def count(self, scope: str, *, status: int | None = None) -> int:
        """How many requests of a scope came, all or only those answered with ``status``."""
        return sum(
            1
            for entry in self.log
            if entry.scope == scope and (status is None or entry.status == status)
        )

    def _respond(self, request: Request) -> Response:
        route, params = self._find(request)
        if route is None:
            response = self.error(404, "There is nothing at this address.")
        else:
            response = self._run(route, replace(request, params=params))
        status = 0 if response.drop else response.status
        scope = route.scope if route else None
        with self._log_lock:
            self._log.append(Logged(request.method, request.path, status, scope, time.time()))
        return response

    def _find(self, request: Request) -> tuple[Route | None, dict[str, str]]:
        for route in self._routes:
            if route.method != request.method:
                continue
            params = route.match(request.path)
            if params is not None:
                return route, params
        return None, {}

    def _run(self, route: Route, request: Request) -> Response:
        fault = self.faults.take(route.scope) if route.scope else None
        if fault is None:
            return route.handler(request)
        instead = self._instead(fault)
        if instead is not None:
            return instead
        return _worsened(route.handler(replace(request, fault=fault)), fault)

    def _instead(self, fault: Fault) -> Response | None:
        match fault.kind:
            case "drop":
                return Response(drop=True)
            case "busy":
                return self.error(429, "Too many requests.", retry_after=fault.amount)
            case "gateway":
                return Response(502, GATEWAY_PAGE, "text/html")
            case "status":
                return self.error(int(fault.amount), "Something went wrong on purpose.")
            case _:
                return None

    def _sandbox_routes(self) -> tuple[Route, ...]:
        return (
            Route("GET", "/_sandbox/faults", self._show_faults),
            Route("POST", "/_sandbox/faults", self._arm_fault),
            Route("DELETE", "/_sandbox/faults", self._clear_faults),
            Route("POST", "/_sandbox/faults/clear", self._clear_faults),
            Route("GET", "/_sandbox/log", self._show_log),
        )

    def _show_faults(self, _: Request) -> Response:
        return json_response({"armed": self.faults.as_json()})

    def _arm_fault(self, request: Request) -> Response:
        """``{"kind": …, "times": n or null, "on": …, "amount": …}``; all but kind may be absent."""
        try:
            wish = request.form() if request.is_form else request.json()
            times = wish.get("times", 1)
            amount = wish.get("amount")
            self.faults.arm(
                str(wish.get("kind", "")),
                times=None if times is None else int(times),
                on=str(wish["on"]) if wish.get("on") else None,
                amount=None if amount in (None, "") else float(amount),
            )
        except (ValueError, TypeError) as mistake:
            return json_response({"error": str(mistake)}, status=400)
        return see_other("/") if request.is_form else self._show_faults(request)

    def _clear_faults(self, request: Request) -> Response:
        self.faults.clear()
        return see_other("/") if request.is_form else self._show_faults(request)

    def _show_log(self, _: Request) -> Response:
        return json_response({"requests": [asdict(entry) for entry in self.log]})


def _worsened(response: Response, fault: Fault) -> Response:
    match fault.kind:
        case "slow":
            return replace(response, bytes_per_second=max(1.0, fault.amount))
        case "cut":
            return replace(response, cut_after=int(fault.amount))
        case "drop_after":
            return replace(response, drop=True)
        case _:
            return response
