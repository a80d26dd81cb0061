"""Ten codes on paper, for the day an authenticator app is lost."""

import secrets

from audit.chain import record
from audit.words import Action, Count
from dermalia.sealing.keys import unlock_secrets
from practices.domain.staff import staff
from practices.models import BackupCode, User

NUMBER = 10
GROUPS, GROUP = 6, 4  # 24 of 32 characters: 120 bits
# Crockford's base32: nothing in it looks like anything else.
ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
MISREAD = str.maketrans({"i": "1", "l": "1", "o": "0", "-": "", " ": ""})


def make_codes(user: User) -> list[str]:
    """New codes in place of all earlier ones. This is the only time they can be read."""
    codes = [
        "-".join("".join(secrets.choice(ALPHABET) for _ in range(GROUP)) for _ in range(GROUPS))
        for _ in range(NUMBER)
    ]
    BackupCode.objects.filter(user=user).delete()
    BackupCode.objects.bulk_create(
        [
            BackupCode(practice_id=user.practice_id, user=user, digest=digest)
            for digest in _digests(codes)
        ]
    )
    record(Action.BACKUP_CODES_MADE, who=staff(user), counts={Count.KEYS: NUMBER})
    return codes


def use_backup_code(user: User, code: str) -> bool:
    """Use a code up; False if it is none of the user's, or was used before."""
    digest = _digests([code])[0]
    return bool(BackupCode.objects.filter(user=user, digest=digest).delete()[0])


def codes_left(user: User) -> int:
    return BackupCode.objects.filter(user=user).count()


def looks_like_one(code: str) -> bool:
    """Whether what was typed has the length of a backup code rather than of an app's."""
    return len(_plain(code)) == GROUPS * GROUP


def _digests(codes: list[str]) -> list[bytes]:
    key = unlock_secrets()
    return [key.blind_index(_plain(code), name="backupcode.digest") for code in codes]


def _plain(code: str) -> str:
    return code.strip().casefold().translate(MISREAD)
