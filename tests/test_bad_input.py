"""What nobody should feed to a linter, and everybody does.

Each gets one clear finding or message, with its place and what to do; never a traceback, a hang or a file
written in half.
"""

from __future__ import annotations

import builtins
import json
import os
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from lambdalint import cli

SAM = """\
Transform: AWS::Serverless-2016-10-31
Resources:
  Orders:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: {code_uri}
      Handler: {handler}
      Runtime: python3.13
"""
HANDLER = "def handler(event, context):\n    return event\n"
IDLE = "  # lambdalint: ignore[syntax-error] once\n"


def sam(code_uri: str = "src/", handler: str = "app.handler") -> str:
    return SAM.format(code_uri=code_uri, handler=handler)


def place(finding: Any) -> tuple[str, str, int]:
    return finding["rule"], finding["path"], finding["start"]["line"]


@dataclass(frozen=True)
class Result:
    code: int
    data: Any
    err: str

    @property
    def findings(self) -> list[tuple[str, str, int]]:
        return [place(item) for item in self.data["findings"]]

    def only(self) -> Any:
        """The one finding, with its message, help and place."""
        (finding,) = self.data["findings"]
        assert finding["message"]
        assert finding["help"]
        return finding

    @property
    def links(self) -> Mapping[str, tuple[str | None, str | None]]:
        return {item["logical_id"]: (item["handler"], item["reason"]) for item in self.data["functions"]}


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "root"
    (root / ".git").mkdir(parents=True)
    monkeypatch.chdir(root)
    return root


class Lint:
    def __init__(self, captured: pytest.CaptureFixture[str]) -> None:
        self.captured = captured

    def __call__(self, *arguments: str, seconds: float = 20.0) -> Result:
        """Runs `check` and holds what must hold of every run. The template is the least that deploys
        something: what it leaves to defaults is no matter here."""
        begin = time.monotonic()
        code = cli.run(["check", "--output-format", "json", "--ignore", "environment", *arguments])
        assert time.monotonic() - begin < seconds
        captured = self.captured.readouterr()
        assert "Traceback" not in captured.err
        assert "internal error" not in captured.err
        data = json.loads(captured.out) if captured.out else None
        if data is not None:
            assert data["crashes"] == []
        return Result(code, data, captured.err)


@pytest.fixture
def lint(capsys: pytest.CaptureFixture[str], root: Path) -> Lint:
    return Lint(capsys)


def write(root: Path, files: Mapping[str, str | bytes]) -> None:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)


class TestPython:
    def test_not_utf8(self, lint: Lint, root: Path) -> None:
        write(root, {"template.yaml": sam(), "src/app.py": b"x = 1\ny = '\xe9'\n" + HANDLER.encode()})
        result = lint()
        assert result.code == 1
        finding = result.only()
        assert place(finding) == ("syntax-error", "src/app.py", 2)
        assert "is not valid utf-8" in finding["message"]

    def test_latin1_with_a_cookie(self, lint: Lint, root: Path) -> None:
        code = f"# -*- coding: latin-1 -*-\nx = 'é'\n{HANDLER[:-1]}{IDLE}".encode("latin-1")
        write(root, {"template.yaml": sam(), "src/app.py": code})
        result = lint()
        assert result.findings == [("unused-ignore", "src/app.py", 4)]
        assert result.links["Orders"] == ("src/app.py:handler", None)
        assert lint("--fix").code == 0
        assert (root / "src" / "app.py").read_bytes() == code.replace(IDLE.encode(), b"\n")

    @pytest.mark.parametrize("cookie", ["latin-77", "undefined", "rot13", "punycode"])
    def test_unusable_cookie(self, lint: Lint, root: Path, cookie: str) -> None:
        write(root, {"template.yaml": sam(), "src/app.py": f"# coding: {cookie}\n# -é-\n{HANDLER}"})
        finding = lint().only()
        assert finding["rule"] == "syntax-error"
        assert finding["start"]["line"] in (1, 2)
        assert cookie in finding["message"]

    @pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
    @pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
    @pytest.mark.parametrize("indent", ["    ", "\t"])
    def test_bom_newlines_and_tabs(
        self, lint: Lint, root: Path, newline: str, bom: bytes, indent: str
    ) -> None:
        text = f"def handler(event, context):\n{indent}return event{IDLE}"
        code = bom + text.replace("\n", newline).encode()
        write(root, {"template.yaml": sam(), "src/app.py": code})
        finding = lint().only()
        column = len(indent) + len("return event  #")
        assert (finding["rule"], finding["start"]) == ("unused-ignore", {"line": 2, "column": column})
        assert lint("--fix").code == 0
        assert (root / "src" / "app.py").read_bytes() == code.replace(IDLE.strip("\n").encode(), b"")

    def test_python_2(self, lint: Lint, root: Path) -> None:
        write(root, {"template.yaml": sam(), "src/app.py": "import os\n\nprint 'hello'\n" + HANDLER})
        finding = lint().only()
        assert (finding["rule"], finding["start"]["line"]) == ("syntax-error", 3)
        assert finding["help"].startswith("port it to Python 3")

    def test_python_2_in_a_module_that_the_handler_imports(self, lint: Lint, root: Path) -> None:
        old = "try:\n    pass\nexcept ValueError, error:\n    raise ValueError, 'x'\n"
        write(root, {"template.yaml": sam(), "src/app.py": f"import old\n{HANDLER}", "src/old.py": old})
        result = lint()
        assert [item for item in result.findings if item[0] == "syntax-error"] == [
            ("syntax-error", "src/old.py", 3)
        ]

    @pytest.mark.parametrize("code", ["", "\n", "\ufeff", "# nothing\n", "   \n\t\n"])
    def test_empty(self, lint: Lint, root: Path, code: str) -> None:
        write(root, {"template.yaml": sam(), "src/app.py": code, "src/__init__.py": ""})
        result = lint()
        assert [item[:2] for item in result.findings] == [("handler-not-found", "template.yaml")]
        handler, reason = result.links["Orders"]
        assert handler is None
        assert reason

    def test_null_bytes(self, lint: Lint, root: Path) -> None:
        write(root, {"template.yaml": sam(), "src/app.py": "x = 1\ny = '\0'\n" + HANDLER})
        assert place(lint().only()) == ("syntax-error", "src/app.py", 2)

    def test_huge(self, lint: Lint, root: Path) -> None:
        write(root, {"template.yaml": sam(), "src/app.py": HANDLER + "x = 1\n" * 900_000})
        finding = lint(seconds=10).only()
        assert place(finding) == ("syntax-error", "src/app.py", 1)
        assert "5.4 MB" in finding["message"]
        assert "exclude" in finding["help"]

    @pytest.mark.parametrize(
        "code",
        [
            "x = " + "(" * 3000 + ")" * 3000,
            "x = " + "-" * 20_000 + "1",
            "x = " + " + ".join(["1"] * 20_000),
            "x = " + ".a".join(["b"] * 20_000),
            "".join(f"{' ' * depth}if x:\n" for depth in range(500)) + " " * 500 + "pass",
        ],
        ids=["parentheses", "signs", "sum", "attributes", "blocks"],
    )
    def test_too_deep(self, lint: Lint, root: Path, code: str) -> None:
        write(root, {"template.yaml": sam(), "src/app.py": f"{HANDLER}\n{code}\n"})
        result = lint(seconds=60)
        assert result.code in (0, 1)
        assert {rule for rule, _, _ in result.findings} <= {"syntax-error"}

    def test_form_feeds(self, lint: Lint, root: Path) -> None:
        code = (
            f"import os\n\x0c\nX = os\n\x0c\ndef handler(event, context):\n    return X, event{IDLE}".encode()
        )
        write(root, {"template.yaml": sam(), "src/app.py": code})
        finding = lint().only()
        assert (finding["rule"], finding["start"]) == ("unused-ignore", {"line": 6, "column": 22})
        assert lint("--fix").code == 0
        assert (root / "src" / "app.py").read_bytes() == code.replace(IDLE.encode(), b"\n")

    @pytest.mark.skipif(os.geteuid() == 0, reason="nothing is unreadable for root")
    def test_unreadable(self, lint: Lint, root: Path) -> None:
        write(root, {"template.yaml": sam(), "src/app.py": HANDLER})
        (root / "src" / "app.py").chmod(0)
        finding = lint().only()
        assert finding["rule"] == "syntax-error"
        assert "cannot be read: Permission denied" in finding["message"]

    def test_unreadable_for_anyone(self, lint: Lint, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        write(root, {"template.yaml": sam(), "src/app.py": HANDLER})
        refuse(monkeypatch, root / "src" / "app.py")
        finding = lint().only()
        assert (finding["rule"], finding["path"]) == ("syntax-error", "src/app.py")
        assert "cannot be read: Permission denied" in finding["message"]


def refuse(monkeypatch: pytest.MonkeyPatch, *refused: Path) -> None:
    """Makes files unreadable, for root too."""
    real = builtins.open

    def refusing(file: Any, *arguments: Any, **options: Any) -> Any:
        if not isinstance(file, int) and Path(file).resolve() in refused:
            raise PermissionError(13, "Permission denied")
        return real(file, *arguments, **options)

    monkeypatch.setattr(builtins, "open", refusing)


class TestTemplates:
    @pytest.mark.parametrize(
        ("content", "line", "message"),
        [
            (sam().encode("utf-16"), 1, "UTF-16"),
            (sam().replace("python3.13", "é").encode("latin-1"), 8, "not valid UTF-8"),
        ],
    )
    def test_not_utf8(self, lint: Lint, root: Path, content: bytes, line: int, message: str) -> None:
        write(root, {"template.yaml": content})
        result = lint()
        assert result.code == 1
        finding = result.only()
        assert place(finding) == ("template-error", "template.yaml", line)
        assert message in finding["message"]
        assert "UTF-8" in finding["help"]

    @pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
    @pytest.mark.parametrize("newline", ["\n", "\r\n"])
    def test_bom_and_newlines(self, lint: Lint, root: Path, bom: bytes, newline: str) -> None:
        text = sam().replace("  Orders:\n", f"  Orders:{IDLE}")
        write(root, {"template.yaml": bom + text.replace("\n", newline).encode(), "src/app.py": HANDLER})
        result = lint()
        assert result.findings == [("unused-ignore", "template.yaml", 3)]
        assert result.links["Orders"] == ("src/app.py:handler", None)

    def test_tabs(self, lint: Lint, root: Path) -> None:
        write(root, {"template.yaml": sam().replace("      Handler", "\tHandler")})
        finding = lint().only()
        assert (finding["rule"], finding["start"]["line"]) == ("template-error", 7)

    def test_broken(self, lint: Lint, root: Path) -> None:
        write(root, {"template.yaml": sam().replace("python3.13", "[python3.13"), "src/app.py": HANDLER})
        finding = lint().only()
        assert finding["rule"] == "template-error"
        assert finding["start"]["line"] in (8, 9)

    def test_what_decodes_is_not_said_not_to(self, lint: Lint, root: Path) -> None:
        twice = sam().replace("      Handler", "      Timeout: 1\n      Timeout: 2\n      Handler")
        write(root, {"template.yaml": twice, "src/app.py": HANDLER})
        message = lint().only()["message"]
        assert message == "the key `Timeout` is given twice (first on line 7): keep one; the last wins"

    def test_broken_json(self, lint: Lint, root: Path) -> None:
        text = '{\n "Resources": {\n  "F": {"Type": "AWS::Lambda::Function"}},\n}\n}\n'
        write(root, {"template.json": text})
        finding = lint().only()
        assert (finding["rule"], finding["path"]) == ("template-error", "template.json")
        assert finding["start"]["line"] in (3, 4)

    def test_duplicate_keys(self, lint: Lint, root: Path) -> None:
        write(
            root,
            {
                "template.yaml": sam() + "      Handler: app.other\n",
                "src/app.py": HANDLER + "other = handler\n",
            },
        )
        result = lint()
        finding = result.only()
        assert (finding["rule"], finding["start"]["line"]) == ("template-error", 9)
        assert "Handler" in finding["message"]
        assert result.links["Orders"] == ("src/app.py:other", None)

    def test_exploding_aliases(self, lint: Lint, root: Path) -> None:
        levels = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
        levels += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
        bomb = "Metadata:\n" + "".join(f"  {level}\n" for level in levels)
        write(root, {"template.yaml": bomb + sam(), "src/app.py": HANDLER})
        result = lint()
        assert len(result.findings) <= 1
        assert {rule for rule, _, _ in result.findings} <= {"template-error"}

    def test_aliases_that_hold_themselves(self, lint: Lint, root: Path) -> None:
        write(root, {"template.yaml": "Metadata: &m\n  Self: *m\n" + sam(), "src/app.py": HANDLER})
        result = lint()
        assert {rule for rule, _, _ in result.findings} <= {"template-error"}

    @pytest.mark.parametrize(
        "value",
        ["!Ref A", '!Sub "${A}"', '!Sub ["${x}", {x: !Ref A}]', "!GetAtt A.Arn", "!FindInMap [A, B, C]"],
    )
    def test_recursion(self, lint: Lint, root: Path, value: str) -> None:
        text = (
            f"Parameters:\n  A:\n    Type: String\n    Default: {value}\n"
            f"Conditions:\n  A: !Condition B\n  B: !Condition A\nMappings:\n  A: {{B: {{C: {value}}}}}\n"
            + sam(handler=value)
            + f"      Role: {value}\n      Environment:\n        Variables:\n          X: {value}\n"
            f"  A:\n    Type: AWS::IAM::Role\n    Condition: A\n    Properties: {{RoleName: {value}}}\n"
        )
        write(root, {"template.yaml": text, "src/app.py": HANDLER})
        result = lint()
        assert {rule for rule, _, _ in result.findings} <= {"template-error"}
        assert result.links["Orders"][0] is None
        assert result.links["Orders"][1]

    def test_deeply_nested(self, lint: Lint, root: Path) -> None:
        deep = "[" * 3000 + "]" * 3000
        write(root, {"template.yaml": sam() + f"Metadata: {deep}\n", "src/app.py": HANDLER})
        result = lint(seconds=60)
        assert {rule for rule, _, _ in result.findings} <= {"template-error"}

    def test_deeply_nested_json(self, lint: Lint, root: Path) -> None:
        deep = '{"a":' * 5000 + "1" + "}" * 5000
        resources = '{"F": {"Type": "AWS::Lambda::Function"}}'
        write(root, {"template.json": f'{{"Resources": {resources}, "Metadata": {deep}}}'})
        result = lint(seconds=60)
        assert {rule for rule, _, _ in result.findings} <= {"template-error"}

    @pytest.mark.parametrize(
        "text",
        [
            "Resources:\n",
            "Resources: []\n",
            "Resources: {F: null, G: 3, H: [], I: {Type: 3}}\n",
            "Resources: {F: {Type: AWS::Serverless::Function}}\n",
            "Resources:\n  F: {Type: AWS::Serverless::Function, Properties: 1}\n",
            "Globals: 3\nParameters: 3\nConditions: 3\nMappings: 3\n"
            "Resources:\n  F:\n    Type: AWS::Serverless::Function\n    Properties:\n      Events: 3\n"
            "      Policies: 3\n      Environment: 3\n      Layers: 3\n      Timeout: x\n      CodeUri: 3\n"
            "      Handler: 3\n      Runtime: python3.13\n",
            "Resources:\n  2012-10-17:\n    Type: AWS::Lambda::Function\n    Properties: {? [a, b] : c}\n",
        ],
    )
    def test_odd_shapes(self, lint: Lint, root: Path, text: str) -> None:
        write(root, {"template.yaml": f"Transform: AWS::Serverless-2016-10-31\n{text}", "app.py": HANDLER})
        result = lint()
        assert result.code in (0, 1)

    def test_huge(self, lint: Lint, root: Path) -> None:
        write(root, {"template.yaml": sam() + "# x\n" * 1_400_000, "src/app.py": HANDLER})
        finding = lint().only()
        assert (finding["rule"], finding["path"]) == ("template-error", "template.yaml")
        assert "5.6 MB" in finding["message"]
        assert "nested stacks" in finding["help"]

    def test_unreadable(self, lint: Lint, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        write(root, {"template.yaml": sam(), "src/app.py": HANDLER})
        refuse(monkeypatch, root / "template.yaml")
        finding = lint().only()
        assert (finding["rule"], finding["path"]) == ("template-error", "template.yaml")
        assert "Permission denied" in finding["message"]

    def test_jinja_and_other_yaml_are_passed_over(self, lint: Lint, root: Path) -> None:
        write(
            root,
            {
                "{{cookiecutter.name}}/template.yaml": "{%- if x %}\n"
                + sam()
                + "{%- endif %}\n  {{ y }}: z\n",
                "chart.yaml": "Resources: {{ .Values }}\n",
                "many.yaml": "a: 1\n---\nb: 2\n",
                "schema.json": '{"Resources": {"type": "object"}, "$schema": "x"}',
                "app.py": HANDLER,
            },
        )
        result = lint()
        assert (result.code, result.findings) == (0, [])


class TestCode:
    @pytest.mark.parametrize("code_uri", ["../outside/", "../../../etc", "/etc/", "src/../../outside"])
    def test_outside_the_root(self, lint: Lint, root: Path, code_uri: str) -> None:
        write(root.parent, {"outside/app.py": "def handler(event, context)\n"})
        write(root, {"template.yaml": sam(code_uri)})
        result = lint()
        assert (result.code, result.findings) == (0, [])
        handler, reason = result.links["Orders"]
        assert handler is None
        assert reason is not None
        assert "root" in reason

    def test_through_a_link_out_of_the_root(self, lint: Lint, root: Path) -> None:
        write(root.parent, {"outside/app.py": "def handler(event, context)\n"})
        write(root, {"template.yaml": sam()})
        (root / "src").symlink_to("../outside")
        result = lint()
        assert (result.code, result.findings) == (0, [])
        assert result.links["Orders"][0] is None

    def test_link_loops(self, lint: Lint, root: Path) -> None:
        write(root, {"template.yaml": sam("loop/"), "src/app.py": HANDLER})
        (root / "loop").symlink_to("pool")
        (root / "pool").symlink_to("loop")
        (root / "src" / "again").symlink_to("..")
        result = lint()
        assert (result.code, result.findings) == (0, [])
        assert result.links["Orders"][0] is None
        write(root, {"template.yaml": sam("src/again/src/again/src")})
        assert lint().links["Orders"] == ("src/app.py:handler", None)

    @pytest.mark.parametrize(
        "handler",
        [
            "''",
            "'.'",
            "app",
            "app.",
            ".handler",
            "a..b",
            "'app handler'",
            "app.hand-ler",
            "'app.h\\x00'",
            "../app.handler",
            "'🦄.🦄'",
            "app.handler.deep.er",
            "~",
            "3",
            "[]",
            "{}",
            "true",
            "'" + "a" * 5000 + ".b'",
            "src/../../app.handler",
        ],
    )
    def test_odd_handlers(self, lint: Lint, root: Path, handler: str) -> None:
        write(root, {"template.yaml": sam(handler=handler), "src/app.py": HANDLER})
        result = lint()
        assert {item[:2] for item in result.findings} <= {("handler-not-found", "template.yaml")}
        found, reason = result.links["Orders"]
        assert found is None
        assert reason

    def test_a_pipe_in_place_of_the_handler_is_not_waited_for(self, lint: Lint, root: Path) -> None:
        write(root, {"template.yaml": sam(), "src/x.txt": ""})
        os.mkfifo(root / "src" / "app.py")
        os.mkfifo(root / "pipe.yaml")
        assert lint().links["Orders"][0] is None

    def test_import_cycles(self, lint: Lint, root: Path) -> None:
        write(
            root,
            {
                "template.yaml": sam(),
                "src/app.py": f"from a import x\n{HANDLER[:-1]}, x\n",
                "src/a.py": "from b import x\n",
                "src/b.py": "from a import x\nfrom b import *\n",
            },
        )
        assert lint().links["Orders"] == ("src/app.py:handler", None)

    def test_a_linted_module_is_never_run(self, lint: Lint, root: Path) -> None:
        code = f"open('ran', 'w')\n{HANDLER}"
        write(root, {"template.yaml": sam(), "src/app.py": code, "conftest.py": code, "rules/x/y.py": code})
        lint()
        assert not (root / "ran").exists()
        assert "app" not in sys.modules


class TestConfiguration:
    @pytest.mark.parametrize(
        ("name", "text", "message"),
        [
            ("pyproject.toml", "[tool.lambdalint]\nselect = [\n", "pyproject.toml:3: is not valid TOML"),
            (
                "pyproject.toml",
                "[tool.lambdalint]\nslect = []\n",
                "pyproject.toml:2: `slect` is not a key; did you",
            ),
            ("lambdalint.toml", "jobs = 'x'\n", "lambdalint.toml:1: `jobs` must be a whole number"),
            ("lambdalint.toml", b"\xff\xfe", "lambdalint.toml:1: is not valid UTF-8"),
        ],
    )
    def test_broken(self, lint: Lint, root: Path, name: str, text: str | bytes, message: str) -> None:
        write(root, {name: text, "template.yaml": sam(), "src/app.py": HANDLER})
        result = lint()
        assert (result.code, result.data) == (2, None)
        assert result.err.startswith("lambdalint: ")
        assert message in result.err
        assert len(result.err.splitlines()) == 1

    def test_broken_but_not_ours(self, lint: Lint, root: Path) -> None:
        write(root, {"pyproject.toml": "[tool.other\n", "template.yaml": sam(), "src/app.py": HANDLER})
        assert lint().code == 0

    def test_broken_samconfig_is_a_note(self, lint: Lint, root: Path) -> None:
        write(root, {"samconfig.toml": "[default\n", "template.yaml": sam(), "src/app.py": HANDLER})
        result = lint()
        assert result.code == 0
        assert result.err.startswith("note: samconfig.toml:1")
        assert result.err.count("samconfig.toml") == 1


class TestArguments:
    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (["--no-such-option"], "o such option"),
            (["no/such/path"], "no/such/path: no such file or folder"),
            (["--root", "nowhere"], "nowhere: the root must be a folder that exists"),
        ],
    )
    def test_mistaken(self, lint: Lint, arguments: Sequence[str], message: str) -> None:
        result = lint(*arguments)
        assert (result.code, result.data) == (2, None)
        assert message in result.err


class TestFixing:
    def test_that_cannot_write_changes_nothing(
        self, lint: Lint, root: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        code = f"def handler(event, context):\n    return event{IDLE}"
        write(root, {"template.yaml": sam().replace("  Orders:\n", f"  Orders:{IDLE}"), "src/app.py": code})
        before = (root / "template.yaml").read_bytes()
        real, calls = os.replace, []

        def replace(source: str, target: str) -> None:
            calls.append(target)
            if len(calls) == 2:
                raise OSError(28, "No space left on device")
            real(source, target)

        monkeypatch.setattr(os, "replace", replace)
        result = lint("--fix", "--no-cache")
        assert result.code == 2
        assert "No space left on device" in result.err
        monkeypatch.setattr(os, "replace", real)
        assert (root / "src" / "app.py").read_text() == code
        assert (root / "template.yaml").read_bytes() == before
        assert sorted(path.name for path in root.rglob("*") if path.is_file()) == ["app.py", "template.yaml"]

    def test_of_a_file_that_does_not_parse_touches_no_code(self, lint: Lint, root: Path) -> None:
        code = f"def handler(event, context)\n    return event{IDLE}"
        write(root, {"template.yaml": sam(), "src/app.py": code})
        result = lint("--fix")
        assert result.code == 1
        assert place(result.only()) == ("syntax-error", "src/app.py", 1)
        assert (root / "src" / "app.py").read_text() == code.replace(IDLE, "\n")
