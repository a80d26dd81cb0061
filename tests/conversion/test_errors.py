"""What is said to a practice whose capture could not be converted, and whether to try it again."""

from __future__ import annotations

import re

import pytest

from scans.conversion import ConversionError, ErrorCode
from scans.domain.convert import as_work_failure

# What can be done, or that nothing needs to be.
_NEXT_STEP = re.compile(r"\b(?i:export|transfer|install)\b|It is tried again by itself")
_ANOTHER_TIME = {ErrorCode.BUSY, ErrorCode.CRASHED, ErrorCode.KILLED, ErrorCode.NOT_READY}


@pytest.mark.parametrize("code", ErrorCode)
def test_every_error_names_a_next_step(code: ErrorCode) -> None:
    message = ConversionError(code).message
    assert _NEXT_STEP.search(message)
    assert message.endswith(".")
    assert len(message) <= 300  # what a row's last error holds


@pytest.mark.parametrize("code", ErrorCode)
def test_only_what_may_end_otherwise_is_tried_again(code: ErrorCode) -> None:
    failure = as_work_failure(ConversionError(code))
    assert failure.retry == (code in _ANOTHER_TIME)
    assert str(failure) == ConversionError(code).message
