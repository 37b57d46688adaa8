"""AWS operations that take several entries in one call: how many, and how they tell that some failed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from lambdalint.data.tables import load

__all__ = ["BatchLimit", "PartialFailure", "batch_limits", "limit_from", "partial_failures"]


@dataclass(frozen=True)
class PartialFailure:
    """How an operation that answers 200 tells of failed entries: by the member `key` of its response; `also`
    are members from which the same can be told. `what` are the entries."""

    what: str
    key: str
    also: tuple[str, ...] = ()

    @property
    def keys(self) -> tuple[str, ...]:
        """Every member whose reading shows that failures are thought of."""
        return (self.key, *self.also)


@dataclass(frozen=True)
class BatchLimit:
    """How many entries an operation takes: `member` holds them, `steps` lead to them ("*" is any key)."""

    member: str
    steps: tuple[str, ...]
    limit: int


@cache
def partial_failures() -> Mapping[str, PartialFailure]:
    """By "service.operation"."""
    return {
        row["call"]: PartialFailure(row["what"], row["key"], tuple(row["also"]))
        for row in load("partial_failures.toml")["operation"]
    }


@cache
def batch_limits() -> Mapping[str, BatchLimit]:
    """By "service.operation"."""
    return {
        row["call"]: _limit(row["entries"], row["limit"]) for row in load("batch_limits.toml")["operation"]
    }


def limit_from(text: str) -> BatchLimit | None:
    """A limit as configuration writes it, "Entries 10" or "Delete.Objects 1000"; None where it is none."""
    entries, _, limit = text.strip().rpartition(" ")
    return _limit(entries.strip(), int(limit)) if entries.strip() and limit.isdigit() else None


def _limit(entries: str, limit: int) -> BatchLimit:
    member, *steps = entries.split(".")
    return BatchLimit(member, tuple(steps), limit)
