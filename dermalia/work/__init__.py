"""A job is a row you can see: claimed under a lease, nudged by Celery, never lost with it."""
