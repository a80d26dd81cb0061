"""The application's settings, with bare views beside its own (see ``bare_urls``)."""

from dermalia.settings import *  # noqa: F403

ROOT_URLCONF = "benchmarks.bare_urls"
