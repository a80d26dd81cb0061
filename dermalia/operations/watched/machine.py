"""This machine: settings, keys, disks, built files."""

import shutil
import tempfile
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.checks import WARNING, run_checks
from django.core.exceptions import ImproperlyConfigured

from dermalia.operations.doctor import Trouble, check
from dermalia.residency.regions import require_allowed
from dermalia.residency.register import services
from dermalia.sealing.boot import require_fitting_root_keys
from dermalia.sealing.roots import root_keys

FREE_BYTES, FREE_SHARE = 2 * 2**30, 0.1
# What a page cannot do without.
BUILT = ("dist/app.css", "dist/report.js", "dist/viewer.js")


@check("settings", do="Correct what it names; manage.py check says all of them.")
def settings_are_sound() -> str:
    found = [one for one in run_checks() if one.level >= WARNING and not one.is_silenced()]
    if found:
        raise Trouble(f"{len(found)} of Django's checks complain, the first: {found[0].msg}")
    return f"{settings.MODE}, {settings.PUBLIC_URL}"


@check("regions", do="Move that part to Frankfurt, or correct DERMALIA_*_REGION if it is there.")
def regions_are_allowed() -> str:
    try:
        require_allowed(settings.DECLARED_REGIONS)
    except ImproperlyConfigured as error:
        raise Trouble(str(error)) from error
    places = ", ".join(sorted(set(settings.DECLARED_REGIONS.values())))
    return f"{places}; {len(services())} services in the register"


@check(
    "root keys", do="See docs/keys.md before touching anything: a lost keyring cannot be replaced."
)
def root_keys_fit() -> str:
    try:
        require_fitting_root_keys()
    except ImproperlyConfigured as error:
        raise Trouble(str(error)) from error
    source = "key management service" if settings.KMS_KEYS else "keyring file"
    return f"{source}, version {root_keys().current} wraps, every version in use opens"


@check("disk", do="Make room, or give it a larger disk: Postgres stops when its own is full.")
def disks_have_room() -> str:
    places = {Path(tempfile.gettempdir()), settings.DATA_DIR if settings.EMBEDDED else Path("/")}
    told = []
    for place in sorted(places):
        usage = shutil.disk_usage(place)
        told.append(f"{usage.free / 2**30:.1f} GiB free at {place}")
        if usage.free < min(FREE_BYTES, FREE_SHARE * usage.total):
            raise Trouble(told[-1])
    return ", ".join(told)


@check("static files", do="Run deploy/collect-static (make static/dist/.built while developing).")
def static_files_are_built() -> str:
    missing = [name for name in BUILT if not _is_built(name)]
    if missing:
        raise Trouble(f"not built: {', '.join(missing)}")
    return "built"


def _is_built(name: str) -> bool:
    if settings.EMBEDDED:
        return (Path(settings.BASE_DIR) / "static" / name).exists()
    try:
        return bool(staticfiles_storage.exists(staticfiles_storage.stored_name(name)))  # type: ignore[attr-defined]
    except ValueError:  # the manifest does not know it, or there is none
        return False
