"""Where a request came from, and how little of that is kept."""

import re
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network

from django.conf import settings
from django.db.models import TextChoices
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _


class Browser(TextChoices):
    CHROME = "chrome", "Chrome"
    EDGE = "edge", "Edge"
    FIREFOX = "firefox", "Firefox"
    SAFARI = "safari", "Safari"
    SAMSUNG = "samsung", "Samsung Internet"
    OTHER = "other", _("another browser")


class Device(TextChoices):
    PHONE = "phone", _("phone")
    TABLET = "tablet", _("tablet")
    COMPUTER = "computer", _("computer")
    OTHER = "other", _("another device")


# The first that fits: browsers name those they descend from, too.
_BROWSERS = (
    (re.compile(r"Edg(e|A|iOS)?/"), Browser.EDGE),
    (re.compile(r"SamsungBrowser/"), Browser.SAMSUNG),
    (re.compile(r"(Firefox|FxiOS)/"), Browser.FIREFOX),
    (re.compile(r"(OPR|Opera|Vivaldi|YaBrowser|DuckDuckGo)/"), Browser.OTHER),
    (re.compile(r"(Chrome|Chromium|CriOS)/"), Browser.CHROME),
    (re.compile(r"Safari/"), Browser.SAFARI),
)
_DEVICES = (
    (re.compile(r"iPad|Tablet|PlayBook|Silk/|Android(?!.*Mobile)"), Device.TABLET),
    (re.compile(r"iPhone|iPod|Mobile|Phone"), Device.PHONE),
    (re.compile(r"Windows NT|Macintosh|X11|CrOS"), Device.COMPUTER),
)


@dataclass(frozen=True, slots=True)
class Client:
    """All that is kept of whoever made a request: no address, no version, no person."""

    network: str
    browser: Browser
    device: Device


def client_of(request: HttpRequest) -> Client:
    """The network, browser and kind of device that a request came from."""
    agent = request.headers.get("User-Agent", "")
    return Client(network_of(client_address(request)), browser_of(agent), device_of(agent))


def client_address(request: HttpRequest) -> str:
    """The address of the browser, or of the proxy that hides it.

    Only so many entries of X-Forwarded-For are believed, from the right, as there are proxies of
    our own in front of us (``DERMALIA_PROXIES``); everything to their left is the client's word.
    """
    nearest: str = request.META.get("REMOTE_ADDR", "")
    if not settings.PROXIES:
        return nearest
    forwarded = request.headers.get("X-Forwarded-For", "").split(",")
    return forwarded[-settings.PROXIES].strip() if len(forwarded) >= settings.PROXIES else nearest


def network_of(address: str) -> str:
    """The /24 or /48 that an address lies in; empty for what is none."""
    try:
        read = ip_address(address)
    except ValueError:
        return ""
    if isinstance(read, IPv6Address) and read.ipv4_mapped is not None:
        read = read.ipv4_mapped
    bits = 24 if read.version == 4 else 48
    return str(ip_network(f"{read}/{bits}", strict=False))


def browser_of(agent: str) -> Browser:
    """The kind of browser that describes itself as ``agent``."""
    return next((kind for pattern, kind in _BROWSERS if pattern.search(agent)), Browser.OTHER)


def device_of(agent: str) -> Device:
    """The kind of device whose browser describes itself as ``agent``."""
    return next((kind for pattern, kind in _DEVICES if pattern.search(agent)), Device.OTHER)
