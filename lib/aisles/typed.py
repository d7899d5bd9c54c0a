"""Frozen dataclasses from nested plain values, as YAML and JSON give them."""

from __future__ import annotations

import dataclasses
import re
import types
import typing
from collections.abc import Mapping
from typing import Any


def from_dict(kind: type[Any], values: Mapping[str, Any], at: str = "") -> Any:
    """A dataclass of nested plain values, each key and type checked."""
    hints = typing.get_type_hints(kind)
    unknown = [key for key in values if key not in hints]
    if unknown:
        raise ValueError(f"config: unknown key {at}{unknown[0]}; known: {', '.join(hints)}")
    return kind(**{key: _typed(hints[key], value, f"{at}{key}") for key, value in values.items()})


def _typed(hint: Any, value: Any, at: str) -> Any:
    if dataclasses.is_dataclass(hint):
        if not isinstance(value, Mapping):
            raise ValueError(f"config: {at} is a section, came {value!r}")
        return from_dict(typing.cast(type[Any], hint), value, at + ".")
    origin = typing.get_origin(hint)
    if origin is tuple and isinstance(value, list | tuple):
        inner = typing.get_args(hint)[0]
        return tuple(_typed(inner, item, f"{at}[{i}]") for i, item in enumerate(value))
    if origin is dict and isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    wanted = hint if isinstance(hint, type) else origin
    if not isinstance(wanted, type) or isinstance(hint, types.UnionType):
        raise AssertionError(f"config field {at} has a type that is not read: {hint}")
    if not isinstance(value, wanted) or (wanted is int and isinstance(value, bool)):
        raise ValueError(
            f"config: {at} takes {wanted.__name__}, came {value!r} ({type(value).__name__})"
            + _hint(value if wanted is float else None)
        )
    return value


def _hint(value: Any) -> str:
    """Advice for a number such as 1e-3 or 1.0e3, which YAML 1.1 reads as text."""
    number = r"([+-]?\d+)(\.\d+)?[eE]([+-]?)(\d+)"
    found = re.fullmatch(number, value) if isinstance(value, str) else None
    if not found:
        return ""
    return f"; write {found[1]}{found[2] or '.0'}e{found[3] or '+'}{found[4]}"


def _plain(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
