"""What backups tell higher rooms."""

from django.dispatch import Signal

# After the ledger was replayed over restored data, once for each practice and before anything of
# it is served: ``practice_id``. A receiver that fails is logged, and the restore goes on: what
# cannot be mended now is not to keep every practice from working.
ledger_replayed = Signal()
