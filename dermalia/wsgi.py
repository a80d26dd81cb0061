"""What gunicorn serves."""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dermalia.settings")
application = get_wsgi_application()

from dermalia.boot import (  # noqa: E402 (needs the app registry)
    require_safe_start,
    settle,
    write_down_refusals,
)
from dermalia.operations.logs.everywhere import take_over  # noqa: E402
from dermalia.operations.metrics.ended import put_together  # noqa: E402

# Views come with their libraries now rather than at the first request.
_ = get_resolver().url_patterns
take_over()
require_safe_start()
write_down_refusals()
# This process begins where another one ended.
put_together(settings.METRICS_DIR)
settle()
