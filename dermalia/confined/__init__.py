"""Talking to a child process that handles data which may be hostile, or may just be too much.

The child confines itself (``scans.conversion.confine``); here is the parent's side: it starts the
child with nothing of its own environment, feeds it, and listens for so long and so much.
"""

from .child import Child, ChildDied
from .conversation import AnswerTooLong, ChildLate, ConfinedError

__all__ = ["AnswerTooLong", "Child", "ChildDied", "ChildLate", "ConfinedError"]
