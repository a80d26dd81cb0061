"""The patient's report as a document: A4, tagged, archivable, with its values for machines inside.

`typeset` takes everything in memory and returns the file; the work is done by a child process
without network that may write nothing and use only so much time and memory. The same source gives
the same bytes on every machine. What a report's document holds is put together in `document`,
which needs Django; nothing else here does.
"""

import compileall
import subprocess
import sys
from pathlib import Path

from . import fonts
from .errors import ErrorCode, PdfError
from .model import Attachment, Source
from .runner import typeset

__all__ = ["Attachment", "ErrorCode", "PdfError", "Source", "prepare", "typeset"]


def prepare() -> None:
    """Make the fonts and compile the typesetter's modules, when a server is installed or starts.

    Documents come without it, too: the first one a second later, and each of them if nobody but
    the child ever loads those modules, because the child may not write what it compiled.

    Raises:
        PdfError: NOT_READY where the front end has not been built.
    """
    fonts.prepare()
    compileall.compile_dir(Path(__file__).parent, quiet=2)
    # In a process of its own: the library would stay in this one's memory for nothing.
    subprocess.run(
        [sys.executable, "-P", "-s", "-c", f"import {__name__}.typesetting"],
        env={"PYTHONPATH": str(Path(__file__).resolve().parents[2])},
        check=True,
    )
