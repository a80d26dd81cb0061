"""Which e-mail addresses we write to, and in what form."""

import re

import idna
from django.utils.translation import gettext_noop as _

MAX_LENGTH, MAX_LOCAL = 254, 64  # RFC 5321, 4.5.3.1
# RFC 5322's dot-atom. A quoted local part is allowed there too, and carried by hardly anybody.
_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_DOMAIN = re.compile(r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?")


class AddressRefused(ValueError):
    """Nothing can be sent to this address; ``str()`` tells staff why, without repeating it."""


def clean_address(text: str) -> str:
    """The address in the form that goes onto the wire: one, bare, its domain in ASCII.

    ``info@müller.example`` becomes ``info@xn--mller-kva.example`` by IDNA 2008 with the mapping
    of UTS 46; under the older rules ``ß`` would lead to somebody else's domain.

    Raises:
        AddressRefused: it is no such address, or more than one.
    """
    address = text.strip()
    local, at, domain = address.rpartition("@")
    if not at or len(local) > MAX_LOCAL:
        raise AddressRefused(_("This is not a complete e-mail address."))
    if not local.isascii():
        raise AddressRefused(
            _("Letters such as ä in front of the @ are not understood by all mail servers.")
        )
    if not _LOCAL.fullmatch(local):
        raise AddressRefused(_("The e-mail address contains a sign that it must not contain."))
    plain = f"{local}@{_ascii_domain(domain)}"
    if len(plain) > MAX_LENGTH:
        raise AddressRefused(_("This e-mail address is too long."))
    return plain


def _ascii_domain(domain: str) -> str:
    try:
        plain = idna.encode(domain, uts46=True, std3_rules=True).decode().lower()
    except (idna.IDNAError, UnicodeError) as error:
        raise AddressRefused(_("The part behind the @ is not a domain.")) from error
    if not _DOMAIN.fullmatch(plain):
        raise AddressRefused(_("The part behind the @ is not a domain."))
    return plain
