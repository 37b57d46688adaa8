"""From a function resource to the file, the name in it and the import path; or the reason why not."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath

from lambdalint.source import EmbeddedSource


@dataclass(frozen=True)
class Bundle:
    """What is deployed as one package: the folders that Python searches, and what cannot be seen of it.

    `root` is the CodeUri, None for inline code; `search_path` begins with it and goes on with the local layers.
    """

    root: PurePosixPath | None
    search_path: tuple[PurePosixPath, ...]
    opaque: tuple[str, ...] = ()


@dataclass(frozen=True)
class Linked:
    """Where a function's handler is: the file (or the inline code), and the dotted name in it."""

    path: PurePosixPath
    attribute: str
    bundle: Bundle
    embedded: EmbeddedSource | None = None


@dataclass(frozen=True)
class Unlinked:
    """Why a function has no handler to read. `reason` is short and countable; `detail` names the thing."""

    reason: str
    detail: str = ""
