"""The project and the platform every app stands on."""

# Celery's shared tasks find their broker through this import alone.
from dermalia.celery import app as celery_app

__all__ = ["celery_app"]
