"""The end: a practice's whole data set, its contract, or the service itself."""
