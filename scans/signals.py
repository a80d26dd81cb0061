"""What this app tells the apps above it."""

from django.dispatch import Signal

# Sent with scan= in the transaction and scope that make a scan ready.
scan_ready = Signal()
