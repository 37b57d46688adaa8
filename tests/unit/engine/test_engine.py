from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar

import pytest

from lambdalint.engine import Options
from lambdalint.finding import Finding, FunctionId, Role, Severity
from lambdalint.registry import RegistryError
from lambdalint.report import Crash
from lambdalint.rule import Rule, Settings
from tests.unit.engine.fakes import (
    FakeFiles,
    application,
    finding,
    label,
    module_rule,
    places,
    replacing,
    run,
    source,
    word_rule,
)

A, B = source("a.py", "spam\neggs\n"), source("b.py", "spam\n")
ONE, TWO = FunctionId(PurePosixPath("one.yaml"), "One"), FunctionId(PurePosixPath("two.yaml"), "Two")


def boom(module: Any) -> Iterator[Finding]:
    raise KeyError("handler")


def test_findings_are_ordered_by_path_line_and_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    rules = [word_rule("z-rule", "spam"), word_rule("a-rule", "spam"), word_rule("m-rule", "eggs")]
    report = run(monkeypatch, rules, application("x.yaml", B), application("w.yaml", A))
    assert places(report) == [
        ("a-rule", "a.py", 1),
        ("z-rule", "a.py", 1),
        ("m-rule", "a.py", 2),
        ("a-rule", "b.py", 1),
        ("z-rule", "b.py", 1),
    ]


def test_a_crash_is_contained_and_named(monkeypatch: pytest.MonkeyPatch) -> None:
    rules = [module_rule("bad-rule", boom), word_rule("good-rule", "spam")]
    report = run(monkeypatch, rules, application("x.yaml", A, B))
    assert places(report) == [("good-rule", "a.py", 1), ("good-rule", "b.py", 1)]
    assert [(crash.rule, crash.path) for crash in report.crashes] == [
        ("bad-rule", "a.py"),
        ("bad-rule", "b.py"),
    ]
    assert report.crashes[0].error.startswith("KeyError: 'handler' (test_engine.py:")


@pytest.mark.parametrize("error", [RecursionError, MemoryError, AssertionError])
def test_whatever_a_rule_raises_is_contained(monkeypatch: pytest.MonkeyPatch, error: type[Exception]) -> None:
    def fail(module: Any) -> Iterator[Finding]:
        raise error

    report = run(monkeypatch, [module_rule("bad-rule", fail)], application("x.yaml", A))
    assert [crash.rule for crash in report.crashes] == ["bad-rule"]


def test_endless_recursion_is_contained(monkeypatch: pytest.MonkeyPatch) -> None:
    def forever(module: Any) -> Iterator[Finding]:
        yield from forever(module)

    report = run(monkeypatch, [module_rule("bad-rule", forever)], application("x.yaml", A))
    assert [crash.error.split(":")[0] for crash in report.crashes] == ["RecursionError"]


def test_a_finding_in_another_rules_name_is_a_crash(monkeypatch: pytest.MonkeyPatch) -> None:
    rule = module_rule("bad-rule", lambda module: [finding("other-rule", label(module.source, "spam"))])
    report = run(monkeypatch, [rule], application("x.yaml", A))
    assert report.findings == ()
    assert "in the name of `other-rule`" in report.crashes[0].error


def test_a_model_that_breaks_is_nobodys_crash(monkeypatch: pytest.MonkeyPatch) -> None:
    app = application("x.yaml", template=source("x.yaml", "a"))
    app.modules = _Broken()  # type: ignore[assignment]

    class TemplateRule(Rule):
        name = "template-rule"
        severity = "info"
        reads: ClassVar[Any] = "template"

        def check_template(self, template: Any, application: Any) -> Iterator[Finding]:
            yield self.finding("here", label(template.source, "a"))

    report = run(monkeypatch, [TemplateRule(), word_rule("code-rule", "spam")], app)
    assert places(report) == [("template-rule", "x.yaml", 1)]
    assert report.crashes == (Crash("lambdalint", "x.yaml", report.crashes[0].error),)


class _Broken:
    def __iter__(self) -> Iterator[Any]:
        raise ValueError("model")


def test_equal_findings_of_two_applications_are_one(monkeypatch: pytest.MonkeyPatch) -> None:
    def find(module: Any) -> Iterator[Finding]:
        function = ONE if str(module.application.path) == "one.yaml" else TWO
        template = source(f"{function.logical_id.lower()}.yaml", "x")
        severity = Severity.INFO if function is ONE else Severity.ERROR
        proof = label(template, "x", Role.RELATED, function)
        yield finding("a-rule", label(module.source, "spam"), proof, functions=(function,), severity=severity)

    report = run(
        monkeypatch, [module_rule("a-rule", find)], application("one.yaml", A), application("two.yaml", A)
    )
    (merged,) = report.findings
    assert merged.functions == (ONE, TWO)
    assert [str(label.source.path) for label in merged.labels] == ["a.py", "one.yaml", "two.yaml"]
    assert merged.severity is Severity.ERROR


def test_a_fix_that_applications_disagree_on_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    def rule(agree: bool) -> Rule:
        def find(module: Any) -> Iterator[Finding]:
            new = "same" if agree else str(module.application.path)
            yield finding("a-rule", label(module.source, "spam"), fix=replacing(module.source, "spam", new))

        return module_rule("a-rule", find)

    for agree in (True, False):
        apps = application("one.yaml", A), application("two.yaml", A)
        (merged,) = run(monkeypatch, [rule(agree)], *apps).findings
        assert (merged.fix is not None) is agree


def only_in(*paths: str) -> Rule:
    def find(module: Any) -> Iterator[Finding]:
        if str(module.application.path) in paths:
            yield finding("absence", label(module.source, "spam"))

    return module_rule("absence", find, quantifier="all")


def test_a_claim_of_absence_needs_every_owner(monkeypatch: pytest.MonkeyPatch) -> None:
    def apps() -> tuple[Any, ...]:
        return application("one.yaml", A), application("two.yaml", A), application("three.yaml", B)

    assert places(run(monkeypatch, [only_in("one.yaml")], *apps())) == []
    assert places(run(monkeypatch, [only_in("one.yaml", "two.yaml")], *apps())) == [("absence", "a.py", 1)]


def test_owners_that_do_not_run_the_rule_have_no_say(monkeypatch: pytest.MonkeyPatch) -> None:
    silent = application("two.yaml", A, settings=Settings(ignore=("absence",)))
    copied = application("three.yaml", A, copy=True)
    unreached = application("four.yaml", A)
    unreached.modules[0].reached = False
    report = run(monkeypatch, [only_in("one.yaml")], application("one.yaml", A), silent, copied, unreached)
    assert places(report) == [("absence", "a.py", 1)]


def test_an_owner_in_which_the_rule_crashed_cannot_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    def find(module: Any) -> Iterator[Finding]:
        if str(module.application.path) == "two.yaml":
            raise ValueError
        yield finding("absence", label(module.source, "spam"))

    rule = module_rule("absence", find, quantifier="all")
    report = run(monkeypatch, [rule], application("one.yaml", A), application("two.yaml", A))
    assert report.findings == ()
    assert len(report.crashes) == 1


def test_a_rule_is_run_only_where_it_is_selected(monkeypatch: pytest.MonkeyPatch) -> None:
    rules = [word_rule("a-rule", "spam"), word_rule("opt-rule", "spam", default=False)]
    first = application("one.yaml", A, settings=Settings(ignore=("a-rule",)))
    second = application("two.yaml", B, settings=Settings(extend_select=("opt-*",)))
    report = run(monkeypatch, rules, first, second)
    assert places(report) == [("a-rule", "b.py", 1), ("opt-rule", "b.py", 1)]
    assert {"a-rule", "opt-rule", "syntax-error", "rule-crash"} <= set(report.rules)


def test_a_copy_is_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    report = run(monkeypatch, [word_rule("a-rule", "spam")], application("one.yaml", A, copy=True))
    assert report.findings == ()


def test_modules_out_of_reach_are_not_shown_to_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    app = application("one.yaml", A, B)
    app.modules[1].reached = False
    assert places(run(monkeypatch, [word_rule("a-rule", "spam")], app)) == [("a-rule", "a.py", 1)]


CALL = source("a.py", "call(inner)\nother\n")


def at(
    name: str, text: str, *functions: FunctionId, hidden: str = "", supersedes: tuple[str, ...] = ()
) -> Rule:
    def find(module: Any) -> Iterator[Finding]:
        labels = [label(module.source, text)]
        labels += [label(module.source, hidden, Role.HIDDEN)] if hidden else []
        yield finding(name, *labels, functions=functions)

    return module_rule(name, find, supersedes=supersedes)


@pytest.mark.parametrize(
    ("strong", "weak", "left"),
    [
        (at("strong", "call(inner)", supersedes=("weak",)), at("weak", "call(inner)"), None),
        (at("strong", "call(inner)", supersedes=("weak",)), at("weak", "inner"), None),
        (at("strong", "other", hidden="call(inner)", supersedes=("weak",)), at("weak", "inner"), None),
        (at("strong", "inner", supersedes=("weak",)), at("weak", "call(inner)"), ()),
        (at("strong", "other", supersedes=("weak",)), at("weak", "inner"), ()),
        (at("strong", "inner", supersedes=("third",)), at("weak", "inner"), ()),
        (at("strong", "inner", ONE, supersedes=("weak",)), at("weak", "inner", ONE), None),
        (at("strong", "inner", ONE, supersedes=("weak",)), at("weak", "inner", TWO), (TWO,)),
        (at("strong", "inner", ONE, supersedes=("weak",)), at("weak", "inner", ONE, TWO), (TWO,)),
        (at("strong", "inner", supersedes=("weak",)), at("weak", "inner", ONE), None),
    ],
)
def test_a_superseded_rule_gives_way(
    monkeypatch: pytest.MonkeyPatch, strong: Rule, weak: Rule, left: tuple[FunctionId, ...] | None
) -> None:
    report = run(monkeypatch, [strong, weak], application("one.yaml", CALL))
    found = {item.rule: item.functions for item in report.findings}
    assert found.pop("strong") is not None
    assert found == ({} if left is None else {"weak": left})


def test_what_is_superseded_stays_silent_when_the_other_is_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    file = source("a.py", "spam  # lambdalint: ignore[strong] r\n")
    rules = [at("strong", "spam", supersedes=("weak",)), at("weak", "spam")]
    report = run(monkeypatch, rules, application("one.yaml", file))
    assert report.findings == ()
    assert [item.finding.rule for item in report.suppressed] == ["strong"]


def test_ignores_are_applied_and_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "spam  # lambdalint: ignore[a-rule] r\neggs  # lambdalint: ignore[a-rule, b-rule, c-rule] r\n"
    rules = [word_rule("a-rule", "spam"), word_rule("b-rule", "eggs")]
    report = run(monkeypatch, rules, application("one.yaml", source("a.py", text)))
    assert places(report) == [("unused-ignore", "a.py", 2), ("unknown-ignore", "a.py", 2)]
    assert [item.finding.rule for item in report.suppressed] == ["a-rule", "b-rule"]


def test_an_unused_ignore_can_be_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    text = (
        "x = 1  # lambdalint: ignore[a-rule, unused-ignore] r\ny = 1  # lambdalint: ignore[unused-ignore] r\n"
    )
    report = run(monkeypatch, [word_rule("a-rule", "spam")], application("one.yaml", source("a.py", text)))
    assert places(report) == [("unused-ignore", "a.py", 2)]
    assert [item.finding.rule for item in report.suppressed] == ["unused-ignore"]


def test_an_ignore_of_a_rule_that_crashed_is_not_unused(monkeypatch: pytest.MonkeyPatch) -> None:
    file = source("a.py", "x = 1  # lambdalint: ignore[bad-rule] r\n")
    report = run(monkeypatch, [module_rule("bad-rule", boom)], application("one.yaml", file))
    assert report.findings == ()


def test_an_ignore_is_used_if_one_of_the_owners_needs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    file = source("a.py", "spam  # lambdalint: ignore[a-rule] r\n")

    def find(module: Any) -> Iterator[Finding]:
        if str(module.application.path) == "two.yaml":
            yield finding("a-rule", label(module.source, "spam"))

    apps = application("one.yaml", file), application("two.yaml", file)
    report = run(monkeypatch, [module_rule("a-rule", find)], *apps)
    assert report.findings == ()


def test_per_path_ignores(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(per_path_ignores={"a.py": ("a-rule", "unused-ignore")})
    file = source("a.py", "spam\nx  # lambdalint: ignore[b-rule] r\n")
    rules = [word_rule("a-rule", "spam"), word_rule("b-rule", "spam")]
    report = run(monkeypatch, rules, application("one.yaml", file, settings=settings))
    assert places(report) == [("b-rule", "a.py", 1)]
    assert [(s.finding.rule, s.kind, s.reason) for s in report.suppressed] == [
        ("a-rule", "per-path", "a.py"),
        ("unused-ignore", "per-path", "a.py"),
    ]


def test_a_per_path_ignore_of_one_owner_does_not_bind_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    silent = application("one.yaml", A, settings=Settings(per_path_ignores={"a.py": ("a-rule",)}))
    report = run(monkeypatch, [word_rule("a-rule", "spam")], silent, application("two.yaml", A))
    assert places(report) == [("a-rule", "a.py", 1)]
    assert report.suppressed == ()


def test_findings_with_a_label_in_the_given_paths_are_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    template = source("one.yaml", "proof")

    def find(module: Any) -> Iterator[Finding]:
        proof = [label(template, "proof", Role.RELATED)] if module.source == A else []
        yield finding("a-rule", label(module.source, "spam"), *proof)

    rule = module_rule("a-rule", find)
    app = application("one.yaml", A, B, template=template)
    given = FakeFiles(given=(PurePosixPath("one.yaml"),))
    assert places(run(monkeypatch, [rule], app, files=given)) == [("a-rule", "a.py", 1)]
    whole = Options(jobs=1, whole_application=True)
    everything = [("a-rule", "a.py", 1), ("a-rule", "b.py", 1)]
    assert places(run(monkeypatch, [rule], app, files=given, options=whole)) == everything
    elsewhere = FakeFiles(given=(PurePosixPath("c.py"),))
    assert places(run(monkeypatch, [rule], app, files=elsewhere, options=whole)) == []


def test_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    apps = application("one.yaml", A, template=source("one.yaml")), application("two.yaml", A, B)
    report = run(monkeypatch, [word_rule("a-rule", "spam")], *apps)
    assert (report.stats.files, report.stats.applications) == (3, 2)
    assert set(report.stats.rule_seconds) == {"a-rule"}
    assert 0 <= report.stats.rule_seconds["a-rule"] <= report.stats.seconds


def test_a_rule_that_cannot_be_loaded_is_an_error_of_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.unit.engine import fakes

    broken = fakes.registry(word_rule("a-rule", "spam"))
    monkeypatch.setattr(fakes, "registry", lambda *rules: type(broken)(broken.rules))
    with pytest.raises(RegistryError, match="rule `a-rule` cannot be imported: ModuleNotFoundError"):
        run(monkeypatch, [], application("one.yaml", A))


def test_one_worker_or_three_give_the_same_report(monkeypatch: pytest.MonkeyPatch) -> None:
    files = [source(f"f{number}.py", "spam\n" * number) for number in range(1, 8)]
    apps = [application(f"{number}.yaml", file, files[0]) for number, file in enumerate(files)]
    rules = [word_rule("a-rule", "spam"), module_rule("bad-rule", boom)]
    alone, shared = (run(monkeypatch, rules, *apps, options=Options(jobs=jobs)) for jobs in (1, 3))
    assert len(alone.findings) == 7
    for part in ("findings", "suppressed", "crashes", "links", "rules"):
        assert getattr(alone, part) == getattr(shared, part)


def test_a_worker_that_dies_loses_its_own_unit_only(monkeypatch: pytest.MonkeyPatch) -> None:
    parent = os.getpid()

    def die(module: Any) -> Iterator[Finding]:
        if module.source == A and os.getpid() != parent:
            os.kill(os.getpid(), signal.SIGKILL)
        yield finding("a-rule", label(module.source, "spam"))

    apps = [
        application("one.yaml", A),
        application("two.yaml", B),
        application("three.yaml", source("c.py", "spam")),
    ]
    report = run(monkeypatch, [module_rule("a-rule", die)], *apps, options=Options(jobs=2))
    assert places(report) == [("a-rule", "b.py", 1), ("a-rule", "c.py", 1)]
    assert [(crash.rule, crash.path) for crash in report.crashes] == [("lambdalint", "one.yaml")]
    assert "worker process died" in report.crashes[0].error


def test_a_template_that_cannot_be_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from lambdalint.discovery import FileProblem

    (tmp_path / "template.yaml").write_bytes(b"Resources:\n  Caf\xe9: 1\n")
    problem = FileProblem(
        PurePosixPath("template.yaml"), "the file is not valid UTF-8", "save it as UTF-8", 2
    )
    report = run(monkeypatch, [], files=FakeFiles(root=tmp_path, problems=(problem,)))
    (found,) = report.findings
    assert places(report) == [("template-error", "template.yaml", 2)]
    assert (found.message, found.help) == ("the file is not valid UTF-8", "save it as UTF-8")
