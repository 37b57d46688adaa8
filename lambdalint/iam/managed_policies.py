"""The managed policies of AWS by name, and what a misspelt one most likely means.

AWS adds policies all the time, so that a name that the table lacks is no mistake by itself; one that differs
from an existing name by a slip of the pen is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from lambdalint.data import tables
from lambdalint.iam.spelling import slips

ARN = re.compile(
    r"arn:(?P<partition>\$\{[^}]*\}|[^:]+):iam::(?P<account>aws:)?policy/(?P<path>(?:[^/:]+/)*)(?P<name>[\w+=,.@-]+)"
)
"""The ARN of a managed policy of AWS; without `account` it lacks what makes it one."""

_SLIPS = 2
_VERSION = re.compile(r"[_-]?(?:v?\d+)$", re.IGNORECASE)


def path_of(name: str) -> str | None:
    """The path in the ARN of a managed policy (`service-role/`); None where the name is not known."""
    return _paths().get(name)


@cache
def nearest(name: str) -> str | None:
    """The existing managed policy that a misspelt name means: one or two letters off, or in another case.

    None for a name that exists, for one that means none, and for one that is another version of an existing
    policy (`…FullAccess_v2`), which AWS may have added since.
    """
    if name in _paths():
        return None
    same = _by_lower_case().get(_folded(name))
    if same:
        return same
    if len(name) < 8:
        return None
    bare = _VERSION.sub("", name)
    third = len(name) // 3 + 1
    pieces = [name[start : start + third].lower() for start in range(0, len(name), third)]
    near = [
        (distance, known)
        for lower, known in _lower_case()
        if abs(len(known) - len(name)) <= _SLIPS
        and any(piece in lower for piece in pieces)  # two slips leave one of three pieces whole
        and (distance := slips(name.lower(), lower, _SLIPS)) <= _SLIPS
    ]
    found = min(near, default=None)
    if found is None or _VERSION.sub("", found[1]) == bare:
        return None
    return found[1]


def _folded(name: str) -> str:
    return name.replace("_", "").replace("-", "").lower()


@cache
def _paths() -> Mapping[str, str]:
    table = tables.load("managed_policies.json")["names"]
    return {name: path for path, names in table.items() for name in names}


@cache
def _lower_case() -> tuple[tuple[str, str], ...]:
    return tuple((name.lower(), name) for name in _paths())


@cache
def _by_lower_case() -> Mapping[str, str]:
    return {_folded(name): name for name in _paths()}
