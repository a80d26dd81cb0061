"""From the bytes of an answer to the allow-list, and a count of what was left out."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any, NoReturn, TypeVar

from pydantic import BaseModel, ValidationError

from scans.errors import SourceError
from scans.isemeco.errors import ContractBroken

Accepted = TypeVar("Accepted", bound=BaseModel)
_SHOWN_FAULTS = 3


def parse(
    model: type[Accepted],
    body: bytes,
    *,
    what: str = "The Isemeco cluster's answer",
    error: type[SourceError] = ContractBroken,
) -> tuple[Accepted, int]:
    """The text ``what`` as ``model``, and how many keys were dropped at any depth.

    A dropped key counts itself and every key below it. Raises ``error``, whose message names
    fields and rules but never what a field held.
    """
    raw = _loaded(body)
    if raw is None:
        raise error(f"{what} is not readable JSON.")
    accepted, faults = _validated(model, raw)
    if accepted is None:
        raise error(f"{what} breaks the contract: {faults}.")
    return accepted, _keys(raw) - _kept(accepted)


# Both helpers return instead of raising, so that no error of ours carries one of theirs: the
# context of an exception is printed with it, and theirs may quote the answer.


def _loaded(body: bytes) -> object | None:
    try:
        parsed: object = json.loads(
            body, parse_float=Decimal, parse_constant=_refuse, object_pairs_hook=_unambiguous
        )
    except (ValueError, RecursionError, ArithmeticError):
        return None
    return parsed


def _validated(model: type[Accepted], raw: object) -> tuple[Accepted | None, str]:
    try:
        return model.model_validate(raw), ""
    except ValidationError as broken:
        faults = broken.errors(include_url=False, include_context=False, include_input=False)
    named = [
        f"{'.'.join(map(str, fault['loc'])) or 'the whole'}: {fault['msg']}"
        for fault in faults[:_SHOWN_FAULTS]
    ]
    if len(faults) > _SHOWN_FAULTS:
        named.append(f"and {len(faults) - _SHOWN_FAULTS} more")
    return None, "; ".join(named)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON number")


def _unambiguous(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) < len(pairs):
        raise ValueError("a key is given twice")
    return content


def _keys(raw: object) -> int:
    """Keys of all objects in parsed JSON. A loop, since the depth is the sender's choice."""
    count, waiting = 0, [raw]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            count += len(node)
            waiting.extend(node.values())
        elif isinstance(node, list):
            waiting.extend(node)
    return count


def _kept(node: object) -> int:
    if isinstance(node, BaseModel):
        values = [getattr(node, field) for field in node.model_fields_set]
        return len(values) + sum(map(_kept, values))
    if isinstance(node, tuple):
        return sum(map(_kept, node))
    return 0
