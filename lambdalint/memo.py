"""What is found out about an object, kept with the object."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

K = TypeVar("K", bound=object)
V = TypeVar("V")


class Memo(Generic[K, V]):
    """A mapping by identity, whose entries live in the objects that they are of and go with them.

    A WeakKeyDictionary does not do: a value that holds its key keeps both for ever, and what is known of a
    function, a template or a module nearly always leads back to it.
    """

    def get(self, owner: K) -> V | None:
        """The value of an object; None where there is none yet."""
        found: V | None = vars(owner).get("_memo", {}).get(self)
        return found

    def __contains__(self, owner: K) -> bool:
        return self in vars(owner).get("_memo", {})

    def __getitem__(self, owner: K) -> V:
        found: V = vars(owner)["_memo"][self]
        return found

    def __setitem__(self, owner: K, value: V) -> None:
        memo: dict[Any, Any] = vars(owner).setdefault("_memo", {})
        memo[self] = value
