from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from lambdalint.registry import Registry, load_registry
from lambdalint.rule_docs import Snippet, index, sections, snippets

META = load_registry().rules["unused-ignore"]
DOC = """\
Summary with a | in it.

**Why**

Because **Bad** things happen.

**Bad**

Two files:

```python title=src/app.py
import x
```

```yaml title=template.yaml
Resources: {}
```

**Good**

```python
import y
```

```text
not a file
```
"""


def test_sections_and_their_code_blocks() -> None:
    found = sections(replace(META, doc=DOC))
    assert list(found) == ["Why", "Bad", "Good"]
    assert found["Why"] == "Because **Bad** things happen."
    assert snippets(found["Bad"]) == (
        Snippet("src/app.py", "import x\n"),
        Snippet("template.yaml", "Resources: {}\n"),
    )
    assert snippets(found["Good"]) == (Snippet("app.py", "import y\n"), Snippet("", "not a file\n"))


def test_the_index_lists_builtin_rules_by_theme() -> None:
    mine = replace(
        META,
        name="my-rule",
        theme="events",
        default=False,
        fix=None,
        doc=DOC,
        path=Path("/anywhere/rules/events/my_rule.py"),
        module="lambdalint.rules.events.my_rule",
    )
    foreign = replace(mine, name="foreign-rule", module="acme.events.foreign_rule")
    text = index(Registry({meta.name: meta for meta in (META, mine, foreign)}))
    assert "foreign-rule" not in text
    assert text.index("## engine") < text.index("## events")
    row = "| [my-rule](events/my_rule.py) | Summary with a \\| in it | warning, opt-in | both |  |"
    assert row in text.splitlines()
    assert "| [unused-ignore](../lambdalint/engine_rules.py) | An ignore silences nothing |" in text
