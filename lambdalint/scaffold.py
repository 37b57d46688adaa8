"""Writes a new rule: a small one that works, with fixtures that pass, to be changed into the real one."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")

_RULE = '''\
from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from lambdalint.finding import Finding
from lambdalint.rule import Rule

if TYPE_CHECKING:
    from lambdalint.application.application import Handler


class {class_name}(Rule):
    """The first parameter of a handler is called `wrong`.

    **Why**

    What it costs, loses or opens, and the AWS page that says so.

    **Bad**

    ```python title=src/app.py
    def handler(wrong, context):
        return wrong
    ```

    **Good**

    ```python title=src/app.py
    def handler(event, context):
        return event
    ```

    **Limits**

    What the rule does not see, said plainly.

    **References**

    - https://docs.aws.amazon.com/lambda/latest/dg/python-handler.html
    """

    name = "{name}"
    severity = "warning"
    reads = "code"

    def check_handler(self, handler: Handler) -> Iterable[Finding]:
        if handler.event != "wrong":
            return
        yield self.finding(
            f"the event of `{{handler.name}}` is called `wrong`",
            handler.label("takes the event"),
            help="call it `event`",
            functions=handler.ids,
        )
'''

_TEMPLATE = """\
Transform: AWS::Serverless-2016-10-31
Resources:
  Example:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: src/
      Handler: app.handler
      Runtime: python3.13
"""

_FLAGGED = """\
def handler(wrong, context):  # expect: {name}
    return wrong
"""

_CLEAN = """\
def handler(event, context):  # the usual name
    return event
"""


class ScaffoldError(Exception):
    """A rule that cannot be written; the message says why and what to do."""


def new_rule(name: str, theme: str, rules: Path, fixtures: Path) -> Sequence[Path]:
    """Writes a rule into `rules`/`theme` and its fixtures into `fixtures`; the paths of the new files.

    Raises ScaffoldError for a name that is none, a theme that is not there, and files that are; nothing is
    written then.
    """
    if _NAME.fullmatch(name) is None:
        raise ScaffoldError(f"`{name}` cannot name a rule; write words in lower case, joined by hyphens")
    _check_theme(theme, rules)
    files = _files(name, rules / theme, fixtures / name)
    for path in files:
        if path.exists():
            raise ScaffoldError(f"{path} is there already; choose another name, or remove it first")
    for path, text in files.items():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        except OSError as error:
            raise ScaffoldError(f"{path} cannot be written: {error.strerror or error}") from error
    return tuple(files)


def _check_theme(theme: str, rules: Path) -> None:
    if not rules.is_dir():
        raise ScaffoldError(
            f"there is no folder {rules}; run this beside your rules, or name it with --rules"
        )
    folders = (entry for entry in rules.iterdir() if entry.is_dir())
    themes = sorted(entry.name for entry in folders if not entry.name.startswith(("_", ".")))
    if theme not in themes:
        near = difflib.get_close_matches(theme, themes, n=1)
        listed = f"did you mean `{near[0]}`?" if near else f"there are {', '.join(themes) or 'none'}"
        raise ScaffoldError(f"{rules} has no theme `{theme}`; {listed}")


def _files(name: str, folder: Path, fixtures: Path) -> Mapping[Path, str]:
    class_name = "".join(part.capitalize() for part in name.split("-"))
    return {
        folder / f"{name.replace('-', '_')}.py": _RULE.format(name=name, class_name=class_name),
        fixtures / "flagged" / "template.yaml": _TEMPLATE,
        fixtures / "flagged" / "src" / "app.py": _FLAGGED.format(name=name),
        fixtures / "clean" / "template.yaml": _TEMPLATE,
        fixtures / "clean" / "src" / "app.py": _CLEAN,
    }
