"""The lock on the texts that practices accept: a release names their templates' digests for good.

A letter changed in a template without a new release is found by a test, by ``manage.py check`` and
at every start. What a release says differently at another installation, such as the operator's
address, is in the version's second half, the digest of the rendered text.
"""

import hashlib
import json
from pathlib import Path
from typing import TypedDict

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from onboarding.domain.texts import RELEASE, RELEASED_ON

LOCK = Path(__file__).parent.parent / "texts.lock.json"
HOW = (
    "Raise RELEASE and RELEASED_ON in onboarding/domain/texts.py, then run:"
    " manage.py legal_texts lock"
)


class ReleaseTaken(Exception):
    """The release is locked with other texts; ``str()`` says what to do."""


def folder() -> Path:
    """Where the texts' templates lie."""
    return Path(settings.BASE_DIR) / "templates/onboarding/texts"


def problems() -> list[str]:
    """What does not fit the lock, a sentence each; none where all is well."""
    release = _read().get(RELEASE)
    if release is None:
        return [f"The texts of release {RELEASE} are not locked. Run: manage.py legal_texts lock"]
    found = []
    if release["released_on"] != RELEASED_ON.isoformat():
        found.append(f"Release {RELEASE} is locked with another date. {HOW}")
    now, then = _digests(), release["sha256"]
    found += [
        f"{name} is not the text of release {RELEASE}. {HOW}"
        for name in sorted(now.keys() | then.keys())
        if now.get(name) != then.get(name)
    ]
    return found


def require_locked() -> None:
    """At start. Raises ImproperlyConfigured with the first problem."""
    for problem in problems():
        raise ImproperlyConfigured(problem)


def lock() -> bool:
    """Enter the release as it is now; False where it is entered just so.

    Raises:
        ReleaseTaken: it is entered with other texts or another date; nothing was changed.
    """
    known = _read()
    if RELEASE in known:
        for problem in problems():
            raise ReleaseTaken(problem)
        return False
    known[RELEASE] = {"released_on": RELEASED_ON.isoformat(), "sha256": _digests()}
    LOCK.write_text(json.dumps(known, indent=2) + "\n")
    return True


class _Release(TypedDict):
    released_on: str
    sha256: dict[str, str]


def _read() -> dict[str, _Release]:
    known: dict[str, _Release] = json.loads(LOCK.read_text()) if LOCK.exists() else {}
    return known


def _digests() -> dict[str, str]:
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder().iterdir())
    }
