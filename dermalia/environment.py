"""Settings from the environment, any of them also from a file, as secrets should be."""

from pathlib import Path

import environ
from django.core.exceptions import ImproperlyConfigured

SUFFIX = "_FILE"


class ValuesOrFiles(environ.fileaware_mapping.FileAwareMapping):  # type: ignore[misc]
    """The environment, where ``NAME_FILE`` names a file whose content is the value of ``NAME``.

    The line break that editors and ``echo`` leave at the end is no part of a secret: with it a
    password would be wrong and an address would lead nowhere.
    """

    def __getitem__(self, key: str) -> str:
        """Raises KeyError if neither is set, ImproperlyConfigured if both are, or for a file that
        cannot be read."""
        path = self.env.get(key + SUFFIX)
        if not path:
            return str(self.env[key])
        if self.env.get(key):
            raise ImproperlyConfigured(f"{key} and {key}{SUFFIX} are both set: leave one away.")
        if key not in self.files_cache:
            self.files_cache[key] = _content(key, Path(path))
        return str(self.files_cache[key])


class Environment(environ.Env):  # type: ignore[misc]
    """``environ.Env`` on values or files."""

    ENVIRON = ValuesOrFiles()


def _content(key: str, path: Path) -> str:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ImproperlyConfigured(f"{key}{SUFFIX} names {path}: {error}") from error
    return text.removesuffix("\n").removesuffix("\r")
