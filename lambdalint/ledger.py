"""What an analysis depends on: the questions that it asked about the project, each with the answer.

All reading goes through `discovery.Files`, and every answer that it gives (the content of a file, what lies
in a folder, that something is not there) is written down in the ledger that is open. A later run may take the
result over if the same questions have the same answers.

What several analyses share, as modules and import paths, has a ledger of its own, which is open while it
works and which those who use it include; it may grow after that, and they depend on all of it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

Question = tuple[str, str]


@dataclass(eq=False)
class Ledger:
    """Questions (what is asked, about which path or name) with their answers, which are plain data."""

    answers: dict[Question, Any] = field(default_factory=dict)
    _parts: list[Ledger] = field(default_factory=list)

    def include(self, other: Ledger) -> None:
        """Makes everything that is and will be in another ledger count as in this one."""
        if other is not self and not any(part is other for part in self._parts):
            self._parts.append(other)

    def everything(self) -> dict[Question, Any]:
        """All questions, those of included ledgers among them."""
        found: dict[Question, Any] = {}
        seen: set[int] = set()
        pending = [self]
        while pending:
            ledger = pending.pop()
            if id(ledger) not in seen:
                seen.add(id(ledger))
                found.update(ledger.answers)
                pending.extend(ledger._parts)
        return found


class Records:
    """Which ledger is open, and what files held when they were read. None ever is unless `enabled`.

    `changed` are files that changed while they were in use: what depends on them is not to be kept.
    """

    def __init__(self, enabled: bool = False) -> None:
        self.enabled = enabled
        self.changed: set[Question] = set()
        self._open: list[Ledger] = []
        self._contents: dict[Question, str] = {}

    def note(self, what: str, about: object, answer: Any) -> None:
        """Writes an answer down, if a ledger is open."""
        if self._open:
            self._open[-1].answers[what, str(about)] = answer

    def note_content(self, kind: str, path: PurePosixPath, answer: bytes | str) -> None:
        """Writes down what a file holds, or as text why it cannot be read."""
        if not self._open:
            return
        question = (kind, str(path))
        found = answer if isinstance(answer, str) else digest(answer)
        if self._contents.setdefault(question, found) != found:
            self.changed.add(question)
        self._open[-1].answers[question] = found

    def note_again(self, kind: str, path: PurePosixPath) -> bool:
        """Writes down what a file held when it was read before; False if it was not."""
        question = (kind, str(path))
        if self._open and question in self._contents:
            self._open[-1].answers[question] = self._contents[question]
            return True
        return not self._open

    def include(self, other: Ledger) -> None:
        """Includes a ledger in the open one."""
        if self._open:
            self._open[-1].include(other)

    @contextmanager
    def into(self, ledger: Ledger) -> Iterator[Ledger]:
        """While it lasts, answers go into this ledger."""
        if not self.enabled:
            yield ledger
            return
        self._open.append(ledger)
        try:
            yield ledger
        finally:
            self._open.pop()

    @contextmanager
    def apart(self) -> Iterator[None]:
        """While it lasts, answers are not written down."""
        held, self._open = self._open, []
        try:
            yield
        finally:
            self._open = held


def digest(data: bytes) -> str:
    """What contents are compared by."""
    return hashlib.blake2b(data, digest_size=16).hexdigest()
