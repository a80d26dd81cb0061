"""What gunicorn serves."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dermalia.settings")
application = get_wsgi_application()

from dermalia.boot import (  # noqa: E402 (needs the app registry)
    require_safe_start,
    settle,
    write_down_refusals,
)

require_safe_start()
write_down_refusals()
settle()
