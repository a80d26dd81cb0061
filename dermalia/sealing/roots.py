"""Which root keys this installation works with."""

from functools import cache

from django.conf import settings

from dermalia.sealing.keyring import KeyringFile, RootKeys


@cache
def root_keys() -> RootKeys:
    """The root keys of this installation: from its keyring file or its key management service."""
    return KeyringFile(settings.KEYRING_FILE)
