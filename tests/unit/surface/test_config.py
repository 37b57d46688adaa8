from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path, PurePosixPath

import jsonschema
import pytest

import lambdalint.data
from lambdalint import config
from lambdalint.config import KEYS, ConfigError, Configuration, Overrides, RunOptions
from lambdalint.finding import Severity
from lambdalint.registry import Registry, load_registry
from lambdalint.reporters import FORMATS
from lambdalint.rule import OptionValue, Settings
from tests.unit.surface.samples import meta

HERE = PurePosixPath(".")
OPTIONS: Mapping[str, OptionValue] = {
    "min_statements": 6,
    "ratio": 0.5,
    "strict": False,
    "style": "a",
    "packages": ["pytest"],
    "names": {"PyYAML": "yaml"},
}


@pytest.fixture(scope="module")
def registry() -> Registry:
    rules = dict(load_registry().rules)
    rules["sample-rule"] = replace(meta("sample-rule", Severity.WARNING), options=OPTIONS)
    return Registry(rules)


def settings(root: Path, registry: Registry, text: str, name: str = "lambdalint.toml") -> Settings:
    (root / name).write_text(text, encoding="utf-8")
    return Configuration(root, registry).for_folder(HERE)


def test_nothing_configured_is_the_defaults(tmp_path: Path, registry: Registry) -> None:
    configuration = Configuration(tmp_path, registry)
    assert configuration.for_folder(HERE) == Settings()
    assert configuration.run_options(HERE) == RunOptions()


def test_reads_every_key(tmp_path: Path, registry: Registry) -> None:
    (tmp_path / "pyproject.toml").write_text(
        """
[tool.lambdalint]
select = ["engine", "sample-rule"]
extend-select = ["unused-*"]
ignore = ["unknown-ignore"]
pedantic = true
exclude = ["gen/", "*_pb2.py"]
fail-on = "error"
output-format = "json"
unsafe-fixes = true
show-suppressed = true
statistics = true
whole-application = true
jobs = 3
cache = false

[tool.lambdalint.per-path-ignores]
"legacy/**" = ["syntax-error"]

[tool.lambdalint.parameters]
Stage = "prod"
Count = 3
Debug = true
Subnets = ["a", "b"]

[tool.lambdalint.rules.sample-rule]
min-statements = 8
ratio = 1
strict = true
style = "b"
packages = ["moto"]
names = { PyYAML = "yml" }
"""
    )
    configuration = Configuration(tmp_path, registry)
    assert configuration.for_folder(HERE) == Settings(
        select=("engine", "sample-rule"),
        extend_select=("unused-*",),
        ignore=("unknown-ignore",),
        pedantic=True,
        exclude=("gen/", "*_pb2.py"),
        per_path_ignores={"legacy/**": ("syntax-error",)},
        parameters={"Stage": "prod", "Count": "3", "Debug": "true", "Subnets": "a,b"},
        rule_options={
            "sample-rule": {
                "min_statements": 8,
                "ratio": 1,
                "strict": True,
                "style": "b",
                "packages": ["moto"],
                "names": {"PyYAML": "yml"},
            }
        },
    )
    assert configuration.run_options(HERE) == RunOptions(
        fail_on="error",
        output_format="json",
        unsafe_fixes=True,
        show_suppressed=True,
        statistics=True,
        whole_application=True,
        jobs=3,
        cache=False,
    )


def test_options_of_a_rule_lie_over_its_defaults(tmp_path: Path, registry: Registry) -> None:
    found = settings(tmp_path, registry, "[rules.sample-rule]\nstrict = true\n")
    assert found.options(registry.rules["sample-rule"]) == {**OPTIONS, "strict": True}


class TestNearest:
    def test_file_holds_whole(self, tmp_path: Path, registry: Registry) -> None:
        for folder, text in ((".", 'ignore = ["syntax-error"]'), ("a/b", "pedantic = true")):
            (tmp_path / folder).mkdir(parents=True, exist_ok=True)
            (tmp_path / folder / "lambdalint.toml").write_text(text)
        (tmp_path / "a" / "pyproject.toml").write_text("[tool.ruff]\n")
        configuration = Configuration(tmp_path, registry)
        assert configuration.for_folder(PurePosixPath("a")).ignore == ("syntax-error",)
        inner = configuration.for_folder(PurePosixPath("a/b/c"))
        assert (inner.ignore, inner.pedantic) == ((), True)
        assert configuration.file_for(PurePosixPath("a/b/c")) == tmp_path / "a" / "b" / "lambdalint.toml"

    def test_lambdalint_toml_wins_over_pyproject(self, tmp_path: Path, registry: Registry) -> None:
        (tmp_path / "pyproject.toml").write_text("[tool.lambdalint]\npedantic = true\n")
        assert not settings(tmp_path, registry, "").pedantic

    def test_explicit_file_holds_everywhere(self, tmp_path: Path, registry: Registry) -> None:
        (tmp_path / "lambdalint.toml").write_text("pedantic = true")
        other = tmp_path / "conf" / "ci.toml"
        other.parent.mkdir()
        other.write_text('exclude = ["gen/x"]')
        configuration = Configuration(tmp_path, registry, explicit=other)
        found = configuration.for_folder(PurePosixPath("a"))
        assert (found.pedantic, found.exclude) == (False, ("gen/x",))
        assert configuration.exclude_of(HERE) == ()

    def test_isolated_passes_over_all(self, tmp_path: Path, registry: Registry) -> None:
        (tmp_path / "lambdalint.toml").write_text("pedantic = true")
        (tmp_path / "samconfig.toml").write_text('[default.deploy.parameters]\nparameter_overrides = "A=1"\n')
        configuration = Configuration(tmp_path, registry, isolated=True)
        assert configuration.for_template(PurePosixPath("template.yaml")) == Settings()
        assert configuration.exclude_of(HERE) == ()

    def test_patterns_begin_at_their_file(self, tmp_path: Path, registry: Registry) -> None:
        (tmp_path / "a[1]").mkdir()
        (tmp_path / "a[1]" / "lambdalint.toml").write_text(
            'exclude = ["gen", "/x/y", "!keep"]\n[per-path-ignores]\n"old/**" = ["syntax-error"]\n'
        )
        configuration = Configuration(tmp_path, registry)
        expected = (r"/a\[1\]/**/gen", r"/a\[1\]/x/y", r"!/a\[1\]/**/keep")
        assert configuration.exclude_of(PurePosixPath("a[1]")) == expected
        found = configuration.for_folder(PurePosixPath("a[1]"))
        assert found.per_path_ignores == {r"/a\[1\]/old/**": ("syntax-error",)}


class TestOverrides:
    def test_select_takes_the_place_of_the_configuration(self) -> None:
        configured = Settings(select=("a",), extend_select=("b",), ignore=("c",))
        assert Overrides(select=("d",)).over(configured) == Settings(select=("d",))

    def test_the_others_add(self) -> None:
        configured = Settings(select=("a",), extend_select=("b",), ignore=("c",), today="2020-01-01")
        overrides = Overrides(extend_select=("x",), ignore=("y",), pedantic=True, today="2026-01-01")
        assert overrides.over(configured) == Settings(
            select=("a",),
            extend_select=("b", "x"),
            ignore=("c", "y"),
            pedantic=True,
            today="2026-01-01",
        )

    def test_unknown_names_are_errors_at_once(self, tmp_path: Path, registry: Registry) -> None:
        with pytest.raises(ConfigError, match=r"--extend-select: .*did you mean `syntax-error`"):
            Configuration(tmp_path, registry, overrides=Overrides(extend_select=("sintax-error",)))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("slect = []", ":1: `slect` is not a key; did you mean `select`?"),
        ("zzz = 1", ":1: `zzz` is not a key; the keys are select"),
        ("extend_select = []", ":1: `extend_select` is not a key; write `extend-select`"),
        ("\n\nfix = true", ":3: `fix` is for the command line alone"),
        ('local-rules = ["x"]', "must not make lambdalint run its code"),
        ('select = "x"', ':1: `select` must be a list of strings, not one string; write ["x"]'),
        ("select = {}", "`select` must be a list of strings, not a table"),
        ("exclude = [1]", "must hold strings only, not a number"),
        ('select = ["unused-ignor"]', "did you mean `unused-ignore`?"),
        ('ignore = ["zz*"]', "no rule matches `zz*`"),
        ("pedantic = 1", "must be true or false, not a number"),
        ("jobs = -1", "must be a whole number from 0, not a negative number"),
        ("jobs = true", "must be a whole number from 0, not a boolean"),
        ('fail-on = "warn"', 'must be one of "error", "warning", "info"; did you mean `warning`?'),
        ("fail-on = 1", 'must be one of "error"'),
        ("per-path-ignores = []", "must be a table, not a list"),
        ('[per-path-ignores]\n"a" = ["nope"]', ":2: `per-path-ignores.a`: unknown rule"),
        (
            "[parameters]\nA = 2020-01-01",
            ":2: `parameters.A` must be a string, a number or a list, not a date",
        ),
        (
            "[rules.smple-rule]",
            ":1: `rules.smple-rule`: there is no rule `smple-rule`; did you mean `sample-rule`",
        ),
        ("[rules.zzz]", "`lambdalint rules` lists them"),
        ("[rules]\nsample-rule = 1", ":2: `rules.sample-rule` must be a table"),
        (
            "[rules.sample-rule]\nstrct = true",
            ":2: `rules.sample-rule.strct` is not an option of sample-rule; did you",
        ),
        ("[rules.sample-rule]\nzzz = true", "its options are min-statements, names"),
        ("[rules.syntax-error]\nx = 1", "is not an option of syntax-error; it has none"),
        ("[rules.sample-rule]\nmin-statements = 1.5", "must be a whole number, not a number"),
        ('[rules.sample-rule]\nratio = "x"', "must be a number, not a string"),
        ("[rules.sample-rule]\nstyle = 1", "must be a string, not a number"),
        (
            "[rules.sample-rule]\nnames = { a = 1 }",
            "`rules.sample-rule.names.a` must be a string, not a number",
        ),
        ("a = 1\na = 2", ":2:6: is not valid TOML"),
        ("select = [", ":1: is not valid TOML: invalid value at the end of the file; correct it there"),
        ("[tool.lambdalint]\nselect = []", ":1: write the keys at the top, without `[tool.lambdalint]`"),
    ],
)
def test_mistakes_name_the_place_and_what_to_do(
    tmp_path: Path, registry: Registry, text: str, message: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        settings(tmp_path, registry, text)
    assert str(caught.value).startswith("lambdalint.toml:")
    assert message in str(caught.value)


def test_mistakes_in_pyproject_are_found_under_its_table(tmp_path: Path, registry: Registry) -> None:
    text = '[project]\nselect = []\n\n[ tool . "lambdalint" ]  # ours\nexclude = []\n"select" = "x"\n'
    with pytest.raises(ConfigError, match=r"^pyproject\.toml:6: `select` must be a list"):
        # The spelling of the table hides it from the search for configuration files, not from reading one.
        Configuration(tmp_path, registry, explicit=write(tmp_path, text)).for_folder(HERE)
    with pytest.raises(ConfigError, match="must be a table"):
        Configuration(tmp_path, registry, explicit=write(tmp_path, "[tool]\nlambdalint = 1\n")).for_folder(
            HERE
        )


def write(root: Path, text: str) -> Path:
    path = root / "pyproject.toml"
    path.write_text(text)
    return path


def test_files_that_cannot_be_read(
    tmp_path: Path, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "lambdalint.toml").write_bytes(b'# ok\nselect = ["\xe9"]\n')
    with pytest.raises(ConfigError, match=r"lambdalint\.toml:2: is not valid UTF-8, .*; save it as UTF-8"):
        Configuration(tmp_path, registry).for_folder(HERE)

    def refuse(self: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(ConfigError, match=r"lambdalint\.toml: cannot be read: Permission denied; check"):
        Configuration(tmp_path, registry).for_folder(HERE)


class TestSchema:
    def test_is_shipped_as_it_is_made(self) -> None:
        shipped = Path(lambdalint.data.__file__).with_name("config.schema.json")
        assert json.loads(shipped.read_text()) == config.schema()

    def test_takes_what_the_code_takes(self) -> None:
        validator = jsonschema.Draft7Validator(config.schema())
        validator.check_schema(config.schema())
        assert validator.is_valid({"select": ["x"], "jobs": 0, "parameters": {"A": 1, "B": ["x"]}})
        assert not validator.is_valid({"slect": []})
        assert not validator.is_valid({"jobs": -1})
        assert not validator.is_valid({"fail-on": "warn"})

    def test_keys_are_the_fields(self) -> None:
        names = {item.name for item in (*fields(Settings), *fields(RunOptions))} - {"today"}
        assert {key.attribute for key in KEYS.values()} == (names - {"rule_options"}) | {"rules"}
        assert set(config.FORMATS) == set(FORMATS)
        assert set(config.LEVELS) == {severity.label for severity in Severity}


class TestSamConfig:
    def parameters(self, root: Path, registry: Registry, text: str, name: str = "template.yaml") -> object:
        (root / "app").mkdir(exist_ok=True)
        (root / "app" / "samconfig.toml").write_text(text)
        return Configuration(root, registry).for_template(PurePosixPath("app") / name).parameters

    @pytest.mark.parametrize(
        ("value", "expected"),
        [
            ('"Stage=prod Name=\\"two words\\""', {"Stage": "prod", "Name": "two words"}),
            ('"ParameterKey=A,ParameterValue=1 ParameterKey=B,ParameterValue=x=y"', {"A": "1", "B": "x=y"}),
            ('["A=1", "B=2"]', {"A": "1", "B": "2"}),
            ("{ A = 1, B = true, C = ['x', 'y'] }", {"A": "1", "B": "true", "C": "x,y"}),
            ('"A=it\'s"', {"A": "it's"}),
            ('"A= B"', {"A": ""}),
            ("3", {}),
        ],
    )
    def test_reads_the_forms_that_sam_takes(
        self, tmp_path: Path, registry: Registry, value: str, expected: object
    ) -> None:
        text = f"version = 0.1\n[default.deploy.parameters]\nparameter_overrides = {value}\n"
        assert self.parameters(tmp_path, registry, text) == expected

    def test_deploy_wins_over_global_and_the_configuration_over_both(
        self, tmp_path: Path, registry: Registry
    ) -> None:
        (tmp_path / "lambdalint.toml").write_text('[parameters]\nC = "own"\n')
        text = (
            '[default.global.parameters]\nparameter_overrides = "A=global B=global C=global"\n'
            '[default.deploy.parameters]\nparameter_overrides = "B=deploy"\n'
            '[prod.deploy.parameters]\nparameter_overrides = "A=prod"\n'
        )
        found = self.parameters(tmp_path, registry, text)
        assert found == {"A": "global", "B": "deploy", "C": "own"}

    def test_of_another_template_says_nothing(self, tmp_path: Path, registry: Registry) -> None:
        text = '[default.deploy.parameters]\ntemplate_file = "other.yaml"\nparameter_overrides = "A=1"\n'
        assert self.parameters(tmp_path, registry, text) == {}
        assert self.parameters(tmp_path, registry, text, "other.yaml") == {"A": "1"}
        built = text.replace("other.yaml", ".aws-sam/build/template.yaml")
        assert self.parameters(tmp_path, registry, built) == {"A": "1"}

    def test_that_is_broken_is_a_note(self, tmp_path: Path, registry: Registry) -> None:
        (tmp_path / "samconfig.toml").write_text("[default\n")
        configuration = Configuration(tmp_path, registry)
        for _ in range(2):
            assert configuration.for_template(PurePosixPath("template.yaml")).parameters == {}
        (note,) = configuration.notes
        assert note.startswith("samconfig.toml:1")
        assert "not valid TOML" in note

    def test_is_read_beside_the_template_only(self, tmp_path: Path, registry: Registry) -> None:
        (tmp_path / "samconfig.toml").write_text('[default.deploy.parameters]\nparameter_overrides = "A=1"\n')
        found = Configuration(tmp_path, registry).for_template(PurePosixPath("app/template.yaml"))
        assert found.parameters == {}
