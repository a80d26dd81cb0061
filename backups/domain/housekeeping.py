"""Rotating the keys of backups, and destroying what is old: backups first, then their keys."""

import logging

from audit.chain import SYSTEM, Who
from audit.words import Action, Count
from backups import recipients, shelf
from backups.domain.schedule import Busy, agreed_now, alone, now
from backups.domain.telling import tell_practices
from backups.kinds import Kind, rules
from backups.manifest import Manifest
from backups.recipients import KeysMissing, Recipient

logger = logging.getLogger(__name__)


def keep() -> None:
    """Everything that is due now; nothing while a backup is under way."""
    try:
        with alone():
            prune(who=SYSTEM)
            rotate_due(who=SYSTEM)
    except Busy:
        return


def rotate_due(*, who: Who) -> list[Recipient]:
    """A new key for each kind whose key has sealed for long enough, or that has none.

    Where private keys are not on this machine it only says that they are due.
    """
    due = [kind for kind in Kind if needs_key(kind)]
    try:
        return [rotate(kind, who=who) for kind in due]
    except KeysMissing as error:
        logger.error("New keys are due for backups of %s. %s", ", ".join(due), error)
        return []


def rotate(kind: Kind, *, who: Who) -> Recipient:
    """A new key for a kind: later backups are sealed to it. Older ones keep theirs.

    Raises:
        KeysMissing: private keys are not on this machine.
    """
    made = recipients.create(kind, at=now())
    tell_practices(Action.BACKUP_KEY_MADE, who=who, object_id=made.id)
    return made


def prune(*, who: Who) -> tuple[list[Manifest], list[Recipient]]:
    """Destroy backups that are old enough, and private keys that open none any more.

    Each entry in the log is written after storage, or the folder, no longer has what it tells of.

    Raises:
        ClocksDisagree: nothing was destroyed.
        ManifestRefused: a manifest is not ours: somebody has to look.
    """
    at = agreed_now()
    gone = []
    for kind in Kind:
        for manifest in _expired(kind):
            if manifest.expires_at > at:
                continue
            shelf.delete(manifest)
            counts = {Count.OBJECTS: 1, Count.BYTES: manifest.size}
            tell_practices(Action.BACKUP_DESTROYED, who=who, object_id=manifest.id, counts=counts)
            gone.append(manifest)
    shelf.clear_abandoned(now=at)
    return gone, _destroy_idle_keys(who)


def _expired(kind: Kind) -> list[Manifest]:
    """Those that may go when they are old enough."""
    found = shelf.manifests(kind)
    return found[:-1] if rules(kind).keeps_newest else found


def _destroy_idle_keys(who: Who) -> list[Recipient]:
    """Keys that neither open a backup nor will seal one."""
    destroyed = []
    for kind in Kind:
        in_use = {manifest.key for manifest in shelf.manifests(kind)}
        known = [one for one in recipients.recipients() if one.kind is kind]
        for one in known[:-1]:
            if one.name in in_use:
                continue
            try:
                recipients.destroy(one)
            except KeysMissing as error:
                logger.error("The private key %s is due to be destroyed. %s", one.name, error)
                continue
            tell_practices(
                Action.BACKUP_KEY_DESTROYED, who=who, object_id=one.id, counts={Count.KEYS: 1}
            )
            destroyed.append(one)
    return destroyed


def needs_key(kind: Kind) -> bool:
    """Whether the kind's key has sealed for long enough, or there is none."""
    known = [one for one in recipients.recipients() if one.kind is kind]
    return not known or now() - known[-1].since >= rules(kind).key_life
