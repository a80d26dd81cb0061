"""What this app tells the apps above it."""

from django.dispatch import Signal

# Sent with scan= in the transaction and scope that make a scan ready.
scan_ready = Signal()
# Sent with scan= and digest= (its tombstone's) in the transaction and scope that erase a scan.
scan_erased = Signal()
