"""What a rule reports: findings, the places they point at, and the edits that would mend them."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from lambdalint.source import SourceFile, Span


class Severity(enum.IntEnum):
    """How much a finding matters; ordered, so that `>=` means "at least as bad"."""

    INFO = 1  # advises another design
    WARNING = 2  # costs money, latency or reliability
    ERROR = 3  # breaks, loses data or opens a door

    @property
    def label(self) -> str:
        """The lower-case name used in output and options."""
        return self.name.lower()


class Role(enum.Enum):
    """What a label is for."""

    PRIMARY = "primary"  # where the reader will act
    RELATED = "related"  # the proof
    HIDDEN = "hidden"  # not shown; an ignore on its lines silences the finding as one on the primary does


class Safety(enum.Enum):
    """Whether an edit can change what the program does."""

    SAFE = "safe"
    UNSAFE = "unsafe"


@dataclass(frozen=True)
class FunctionId:
    """A Lambda function of a template, by which findings, ignores and outputs name it."""

    template: PurePosixPath
    logical_id: str


@dataclass(frozen=True)
class Label:
    """A span of a file and what it has to do with the finding.

    `function` ties a related label to one of several functions, so that an ignore on it takes that function
    out of the finding.
    """

    source: SourceFile
    span: Span
    message: str
    role: Role = Role.PRIMARY
    function: FunctionId | None = None


@dataclass(frozen=True)
class Edit:
    """Replaces a span of a file; an empty span inserts."""

    source: SourceFile
    span: Span
    replacement: str


@dataclass(frozen=True)
class Fix:
    """Edits that belong together, across files: all are made or none."""

    title: str
    edits: tuple[Edit, ...]
    safety: Safety


@dataclass(frozen=True)
class Finding:
    """One mistake at one place.

    `message` says what, with the concrete names; `help` says what to do. `labels` holds exactly one PRIMARY,
    first. `functions` are the Lambda functions that the finding concerns, empty where none is known.
    `constructs` are the paths of the CDK constructs whose resources the labels lie in, the primary's first,
    where the CDK wrote the template.
    """

    rule: str
    severity: Severity
    message: str
    labels: tuple[Label, ...]
    help: str = ""
    fix: Fix | None = field(default=None, compare=False)
    functions: tuple[FunctionId, ...] = ()
    constructs: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.labels or self.labels[0].role is not Role.PRIMARY:
            raise ValueError(f"{self.rule}: the first label of a finding must be its primary")

    @property
    def primary(self) -> Label:
        """The label where the reader will act."""
        return self.labels[0]

    @property
    def path(self) -> PurePosixPath:
        """The file of the primary label, relative to the project root."""
        return self.primary.source.path
