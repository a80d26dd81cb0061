"""Mail behind one small interface."""
