"""An append-only, hash-chained log of who did what to which object, without personal data."""
