"""The time limits of tasks that run without Redis, outside of Celery's pool."""

import os
import signal
import time

import pytest
from celery.exceptions import SoftTimeLimitExceeded

from dermalia.work.limits import time_limits


def test_a_quick_block_is_left_alone_then_and_later() -> None:
    with time_limits(soft=0.05, hard=0.1):
        pass
    time.sleep(0.2)


def test_the_soft_limit_can_be_caught() -> None:
    with pytest.raises(SoftTimeLimitExceeded), time_limits(soft=0.05, hard=10):
        time.sleep(10)


def test_the_hard_limit_ends_a_process_that_never_comes_back_to_python() -> None:
    pid = os.fork()
    if pid == 0:
        with time_limits(soft=10, hard=0.1):
            pow(3, 10**9)  # one call in C, much longer than this test may take
        os._exit(0)
    _, status = os.waitpid(pid, 0)
    assert os.WIFSIGNALED(status)
    assert os.WTERMSIG(status) == signal.SIGALRM
