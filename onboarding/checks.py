"""What ``manage.py check`` looks at."""

from typing import Any

from django.core.checks import CheckMessage, Error

from onboarding.domain.text_lock import problems


def texts_are_locked(**_: Any) -> list[CheckMessage]:
    return [Error(problem, id="onboarding.E001") for problem in problems()]
