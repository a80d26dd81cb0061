"""A whole practice as one ZIP file, sent from live data and kept nowhere (docs/exports.md)."""
