"""Field types of the contract: bounded texts, exact numbers, names that cannot be paths."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field, StringConstraints

from scans.isemeco.vocabulary import Metric

SCAN_IDENTIFIER = r"[A-Za-z0-9][A-Za-z0-9_\-]{0,63}"
MAX_DIGITS = 40

# The device's word for the proxy; its own name stays outside our system.
_OUR_METRIC = {"hydration": Metric.HYDRATION_PROXY}
# Of the characters nobody sees, names of some scripts and families of emoji need these two. The
# others turn a text around, make one name look like another, or hide a second text in it.
_JOINERS = frozenset("\u200c\u200d")
_UNSEEN = "".join(_JOINERS) + "".join(filter(str.isspace, map(chr, range(0x3001))))
_WRITTEN_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T")
# Beyond these, neither the database nor a due date can hold a moment; no scanner means one.
_EARLIEST, _END = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
_WIDEST_OFFSET = timedelta(hours=14)
_EMAIL = re.compile(r"[^\s@<>()\[\],;:\\\"]+@[^\s@<>()\[\],;:\\\".]+(\.[^\s@<>()\[\],;:\\\".]+)+")


def _printable(text: str) -> str:
    for character in text:
        if unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"}:
            raise ValueError("control characters are not accepted")
        if unicodedata.category(character) == "Cf" and character not in _JOINERS:
            raise ValueError("characters that cannot be seen are not accepted")
    return text


def _label(name: str) -> str:
    if name.startswith(".") or any(character in name for character in "/\\:"):
        raise ValueError("a file name is a label, not a path")
    return name


def _address(email: str) -> str:
    # Mail programs take some signs of other scripts for @ or a dot: no form of it may be another.
    if not all(map(_EMAIL.fullmatch, (email, unicodedata.normalize("NFKC", email)))):
        raise ValueError("not an e-mail address")
    return email


def _empty_is_absent(value: object) -> object:
    return None if isinstance(value, str) and not value.strip(_UNSEEN) else value


def _our_metric(value: object) -> object:
    if value == Metric.HYDRATION_PROXY:
        raise ValueError("the device calls this metric hydration")
    return _OUR_METRIC.get(value, value) if isinstance(value, str) else value


def _exact(value: object) -> Decimal:
    """Numbers only: a boolean or a string that happens to convert is a broken answer."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise ValueError("not a number")
    number = value if isinstance(value, Decimal) else Decimal(str(value))
    if number.is_finite() and not _is_short(number):
        raise ValueError("a number has too many digits")
    return number


def _is_short(number: Decimal) -> bool:
    # An exponent costs the sender three bytes and whoever prints the number a gigabyte.
    _, digits, exponent = number.as_tuple()
    return len(digits) <= MAX_DIGITS and abs(int(exponent)) <= MAX_DIGITS


def _written_time(value: object) -> object:
    # A bare number would be taken for seconds since 1970, in whatever zone the device thinks in.
    if not isinstance(value, str) or not _WRITTEN_DATE.match(value):
        raise ValueError("a time is written in ISO 8601 with its offset")
    return value


def _plausible_time(moment: datetime) -> datetime:
    if abs(moment.utcoffset() or timedelta()) > _WIDEST_OFFSET:
        raise ValueError("an offset from UTC is 14 hours at most")
    if not _EARLIEST <= moment < _END:
        raise ValueError("a time lies between 2000 and 2099")
    return moment


Word = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=64),
    AfterValidator(_printable),
]
Label = Annotated[
    str,
    StringConstraints(min_length=1, max_length=120),
    AfterValidator(_printable),
    AfterValidator(_label),
]
FirstName = Annotated[
    Annotated[
        str,
        StringConstraints(strip_whitespace=True, max_length=80),
        AfterValidator(_printable),
    ]
    | None,
    BeforeValidator(_empty_is_absent),
]
EmailAddress = Annotated[
    Annotated[
        str,
        StringConstraints(strip_whitespace=True, max_length=254),
        AfterValidator(_printable),
        AfterValidator(_address),
    ]
    | None,
    BeforeValidator(_empty_is_absent),
]
ScanIdentifier = Annotated[str, StringConstraints(pattern=rf"^{SCAN_IDENTIFIER}\z")]
Number = Annotated[
    Decimal, BeforeValidator(_exact), Field(allow_inf_nan=False, ge=-1_000_000, le=1_000_000)
]
DeviceMetric = Annotated[Metric, BeforeValidator(_our_metric)]
"""A metric under the device's name on the way in, under ours afterwards."""


CapturedAt = Annotated[
    AwareDatetime, BeforeValidator(_written_time), AfterValidator(_plausible_time)
]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}\z")]
Address = Annotated[str, StringConstraints(min_length=1, max_length=2048)]
Cursor = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(_printable)]
Token = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9\-._~+/]+=*\z", max_length=4096)]
