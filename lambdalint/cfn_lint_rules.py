"""The rules that point at templates, for cfn-lint: `cfn-lint --append-rules lambdalint.cfn_lint_rules`.

cfn-lint imports this module, nothing of lambdalint does. Each rule is a class with an id of its own: the
letter of its severity, an L, and its number in data/cfn_lint_ids.toml (`WL4001`); opt-in rules are
experimental. A template is linted once, as `lambdalint check` does it, by the configuration and with the
ignores that lie about; findings that point at code are left to lambdalint itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from cfnlint.rules._rule import CloudFormationLintRule, RuleMatch

from lambdalint import discovery, engine
from lambdalint.config import Configuration, Overrides
from lambdalint.data.tables import load
from lambdalint.registry import load_registry
from lambdalint.work import Options

if TYPE_CHECKING:
    from lambdalint.finding import Finding
    from lambdalint.rule import RuleMeta

_LETTERS = {"ERROR": "E", "WARNING": "W", "INFO": "I"}
_SITE = "https://docs.aws.amazon.com/lambda/latest/dg/best-practices.html"


def rule_id(meta: RuleMeta) -> str:
    """What cfn-lint knows a rule by; "" for one that has no number."""
    number = _numbers().get(meta.name)
    return f"{_LETTERS[meta.severity.name]}L{number}" if number is not None else ""


@lru_cache(maxsize=1)
def _numbers() -> Mapping[str, int]:
    themes: Mapping[str, Mapping[str, int]] = load("cfn_lint_ids.toml")
    return {name: number for theme in themes.values() for name, number in theme.items()}


@lru_cache(maxsize=1)  # cfn-lint asks all rules about one template before it goes on to the next
def _findings(filename: str, changed: int) -> Mapping[str, Sequence[Finding]]:
    """The findings of a file by their rule. `changed` is when it was, so that a server asks anew."""
    path = Path(filename).resolve()
    root = discovery.find_root([path])
    configuration = Configuration(root, load_registry(), overrides=Overrides(pedantic=True))
    settings = configuration.for_folder(PurePosixPath("."))
    files = discovery.discover(root, [path], settings, configuration.exclude_of)
    options = Options(jobs=1, invocations=False)
    found: dict[str, list[Finding]] = {}
    for finding in engine.check(files, configuration, configuration.registry, options).findings:
        if root / finding.path == path:
            found.setdefault(finding.rule, []).append(finding)
    return found


def _match(finding: Finding) -> RuleMatch:
    source, span = finding.primary.source, finding.primary.span
    start, end = source.position(span.start), source.position(span.end)
    path: list[str | int] = []
    if len(finding.functions) == 1:
        path = ["Resources", finding.functions[0].logical_id]
    message = f"{finding.message} ({finding.help})" if finding.help else finding.message
    return RuleMatch(path, message, location=(start.line - 1, start.column - 1, end.line - 1, end.column - 1))


def _class_of(meta: RuleMeta) -> type[CloudFormationLintRule]:
    def match(self: CloudFormationLintRule, cfn: Any) -> list[RuleMatch]:
        path = Path(cfn.filename or "")
        if not path.is_file():  # a template from standard input has no code beside it
            return []
        return [
            _match(finding) for finding in _findings(str(path), path.stat().st_mtime_ns).get(meta.name, ())
        ]

    attributes = {
        "id": rule_id(meta),
        "shortdesc": meta.name,
        "description": meta.summary,
        "source_url": _first_reference(meta),
        "tags": ["lambdalint", meta.theme],
        "experimental": not meta.default,
        "match": match,
        "__module__": __name__,
        "__doc__": meta.summary,
    }
    name = "".join(word.capitalize() for word in meta.name.split("-"))
    return type(name, (CloudFormationLintRule,), attributes)


def _first_reference(meta: RuleMeta) -> str:
    links = [
        line.strip("- ").strip() for line in meta.doc.splitlines() if line.strip().startswith("- https://")
    ]
    return links[0] if links else _SITE


# cfn-lint looks for classes among the module's names.
globals().update(
    (made.__name__, made)
    for made in (_class_of(meta) for meta in load_registry().rules.values() if rule_id(meta))
)
