"""Giving freed memory back to the system while a conversion runs."""

import ctypes
import functools
from collections.abc import Callable

import numpy as np


@functools.cache
def _trim() -> Callable[[int], int] | None:
    """The C library's function, where it has one: glibc keeps what was freed, others do not."""
    trim: Callable[[int], int] | None = getattr(ctypes.CDLL(None), "malloc_trim", None)
    return trim


def reserve() -> None:
    """Have the library for matrix products take its working memory while there is some.

    It would ask for it at the first product, and where it gets none it ends the process.
    """
    np.ones((256, 256)) @ np.ones((256, 256))


def give_back() -> None:
    """Return what earlier steps have freed, so that the next do not come on top of it."""
    trim = _trim()
    if trim is not None:
        trim(0)
