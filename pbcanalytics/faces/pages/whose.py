"""Whose figures a page shows: how a PCT, a consortium or a practice is named and addressed."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

_KINDS: Final = {"pct": "PCT", "consortium": "consortium", "practice": "practice"}

ORDER: Final = "CASE group_kind WHEN 'pct' THEN 0 WHEN 'consortium' THEN 1 ELSE 2 END, group_code"
"""The order in which groups are listed."""


def named(kind: str, code: str, name: str) -> str:
    """
    Write a group's name and code, and what it is where the name does not say so.

    Examples
    --------
    >>> named("consortium", "C01", "Marl Vale"), named("pct", "9E1", "Marl Vale PCT")
    ('Consortium Marl Vale (C01)', 'Marl Vale PCT (9E1)')
    """
    both = f"{name} ({code})" if name != code else code
    is_said = kind == "practice" or _KINDS[kind].casefold() in name.casefold()
    return both if is_said else f"{_KINDS[kind][0].upper()}{_KINDS[kind][1:]} {both}"


def address(kind: str, code: str) -> str:
    """Write a group as a page's address has it: a practice's code alone, else kind and code."""
    return code if kind == "practice" else f"{kind}-{code}"


def meant(group: str) -> tuple[str, str]:
    """Read kind and code from an address."""
    kind, _, code = group.rpartition("-")
    return kind or "practice", code


def listed(rows: Iterable[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """List name and address of groups, from their `group_kind`, `group_code`, `group_name`."""
    keys = ("group_kind", "group_code", "group_name")
    return [
        (named(kind, code, name), address(kind, code))
        for kind, code, name in ([str(r[k]) for k in keys] for r in rows)
    ]
