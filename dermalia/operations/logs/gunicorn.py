"""The web server's own log, its main process included: the same lines and the same filter."""

import os
from typing import Any

from gunicorn import glogging

from dermalia.operations.logs.filters import Redact
from dermalia.operations.logs.lines import JsonLine, TextLine, wants_json

_REFUSED = "Invalid request"


class Logger(glogging.Logger):  # type: ignore[misc]
    """``gunicorn --logger-class``. Addresses of requests and what they sent are left away."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        line = JsonLine() if wants_json(os.environ.get("DERMALIA_LOG", "")) else TextLine()
        for log in (self.error_log, self.access_log):
            for handler in log.handlers:
                handler.addFilter(Redact())
                handler.setFormatter(line)

    def warning(self, msg: str, *args: Any, **kwargs: Any) -> None:
        # "Invalid request from ip=…: …" ends with what a stranger sent.
        super().warning(_REFUSED if msg.startswith(_REFUSED) else msg, *args, **kwargs)

    def exception(self, msg: Any, *_args: Any, **kwargs: Any) -> None:
        # Arguments are the address that was asked for; an exception as the message is its own.
        text = msg.partition("%")[0].strip() if isinstance(msg, str) else "The web server failed"
        super().exception(text, **kwargs)
