"""What this app tells the apps above it."""

from django.dispatch import Signal

# Sent with scan= in the transaction and scope that make a scan ready.
scan_ready = Signal()
# Sent with practice_id= and digests= (of the tombstones, by the scans' key ids) in the transaction
# and scope that erase the scans.
scans_erased = Signal()
