#!/usr/bin/env python3
"""Django's command line; without DERMALIA_MODE it works on this machine's embedded services."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dermalia.settings")
    # Only the command line falls back on the embedded mode. The web server and the workers
    # of a real deployment refuse to start without being told where they are.
    os.environ.setdefault("DERMALIA_MODE", "embedded")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
