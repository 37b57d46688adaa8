"""Configuration: `[tool.lambdalint]` of pyproject.toml or lambdalint.toml, and SAM's own samconfig.toml.

The file nearest above a template holds for it, whole: files are not merged. Options of the command line lie
over it. Everything a user can get wrong raises ConfigError with file, line and what to do.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Literal

from lambdalint.config_file import ConfigError, ConfigFile, Place, configuration_in, read_config_file
from lambdalint.gitignore import rebase
from lambdalint.rule import OptionValue, RuleMeta, Settings
from lambdalint.samconfig import parameter_overrides

if TYPE_CHECKING:
    from lambdalint.registry import Registry

__all__ = ["KEYS", "ConfigError", "Configuration", "Key", "Overrides", "RunOptions", "schema"]

Kind = Literal["selectors", "patterns", "boolean", "integer", "choice", "ignores", "parameters", "rules"]
FORMATS = ("text", "concise", "json", "sarif", "github")
LEVELS = ("error", "warning", "info")


@dataclass(frozen=True)
class Key:
    """A key of the configuration, spelt as the option of the command line."""

    name: str
    kind: Kind
    help: str
    choices: tuple[str, ...] = ()

    @property
    def attribute(self) -> str:
        """The name of the field that holds it."""
        return self.name.replace("-", "_")


KEYS: Mapping[str, Key] = {
    key.name: key
    for key in (
        Key("select", "selectors", "Rules to run instead of the default ones: names, themes or globs."),
        Key("extend-select", "selectors", "Rules to run besides: names, themes or globs."),
        Key("ignore", "selectors", "Rules not to run: names, themes or globs. Wins over every selection."),
        Key("pedantic", "boolean", "Run the opt-in rules too."),
        Key("exclude", "patterns", "Paths to leave out, as in .gitignore, relative to this file."),
        Key(
            "per-path-ignores",
            "ignores",
            "For each pattern of paths, as in .gitignore, the rules that say nothing there.",
        ),
        Key("parameters", "parameters", "Values for template parameters, over those of samconfig.toml."),
        Key("rules", "rules", "A table for each rule with options of its own."),
        Key("fail-on", "choice", "The lowest severity that makes the exit code 1.", LEVELS),
        Key("output-format", "choice", "How findings are written.", FORMATS),
        Key("unsafe-fixes", "boolean", "Let --fix and --diff make unsafe fixes too."),
        Key("show-suppressed", "boolean", "List the findings that an ignore silences."),
        Key("statistics", "boolean", "End with figures by rule."),
        Key("whole-application", "boolean", "Report on the whole application of each given path."),
        Key("jobs", "integer", "How many processes work at once; 0 for one a core."),
        Key("cache", "boolean", "Keep results between runs."),
    )
}

# Keys that people may look for here and that are for the command line alone, with the reason.
_COMMAND_LINE_ONLY = {
    "fix": "files are changed only when somebody asks for it",
    "diff": "it asks for another output than findings",
    "local-rules": "a repository must not make lambdalint run its code",
    "root": "the configuration is found from the root",
    "config": "it names the configuration",
    "isolated": "it passes over the configuration",
    "exit-zero": "it hides failures; `fail-on` sets the level",
    "output-file": "it belongs to one run",
    "today": "it belongs to one run",
}


@dataclass(frozen=True)
class RunOptions:
    """What holds for a run as a whole, rather than for one application."""

    fail_on: str = "warning"
    output_format: str = "text"
    unsafe_fixes: bool = False
    show_suppressed: bool = False
    statistics: bool = False
    whole_application: bool = False
    jobs: int = 0
    cache: bool = True


@dataclass(frozen=True)
class Overrides:
    """What the command line says about the settings; empty means that it says nothing.

    `select` takes the place of all that the configuration says about which rules run; `extend_select` and
    `ignore` add to it.
    """

    select: tuple[str, ...] = ()
    extend_select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    pedantic: bool = False
    today: str = ""

    def over(self, settings: Settings) -> Settings:
        """The settings with these laid over."""
        if self.select:
            settings = replace(settings, select=self.select, extend_select=(), ignore=())
        return replace(
            settings,
            extend_select=(*settings.extend_select, *self.extend_select),
            ignore=(*settings.ignore, *self.ignore),
            pedantic=settings.pedantic or self.pedantic,
            today=self.today or settings.today,
        )


@dataclass(eq=False)
class Configuration:
    """The settings of everything under a root; files are read when they are asked for, and once.

    `explicit` is the file that holds everywhere in place of those that lie about; `isolated` passes over all
    files, samconfig.toml among them. `notes` collects remarks for the user.
    """

    root: Path
    registry: Registry
    explicit: Path | None = None
    isolated: bool = False
    overrides: Overrides = field(default_factory=Overrides)
    notes: list[str] = field(default_factory=list)
    _by_folder: dict[PurePosixPath, _Loaded] = field(default_factory=dict, repr=False)
    _by_file: dict[Path, _Loaded] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        overrides = self.overrides
        for option in ("select", "extend_select", "ignore"):
            for selector in getattr(overrides, option):
                self._expand(selector, f"--{option.replace('_', '-')}")

    def for_folder(self, folder: PurePosixPath) -> Settings:
        """The settings for loose modules in a folder, which is relative to the root. Raises ConfigError."""
        return self._loaded(folder).settings

    def for_template(self, path: PurePosixPath) -> Settings:
        """The settings for a template: with the parameters of the samconfig.toml beside it. Raises
        ConfigError; a samconfig.toml that cannot be read is a note."""
        settings = self.for_folder(path.parent)
        if self.isolated:
            return settings
        found, problem = parameter_overrides(self.root, path)
        if problem and problem not in self.notes:
            self.notes.append(problem)
        return replace(settings, parameters={**found, **settings.parameters}) if found else settings

    def exclude_of(self, folder: PurePosixPath) -> Sequence[str]:
        """The `exclude` of the configuration file in this very folder, relative to the root."""
        if self.isolated or self.explicit is not None:
            return ()
        file = configuration_in(self.root / folder)
        return self._load(file).settings.exclude if file is not None else ()

    def run_options(self, folder: PurePosixPath) -> RunOptions:
        """What the configuration that holds in a folder says about the run."""
        return self._loaded(folder).run

    def file_for(self, folder: PurePosixPath) -> Path | None:
        """The configuration file that holds in a folder, None where there is none."""
        if self.isolated:
            return None
        if self.explicit is not None:
            return self.explicit
        for candidate in (folder, *folder.parents):
            file = configuration_in(self.root / candidate)
            if file is not None:
                return file
        return None

    @cached_property
    def _default(self) -> _Loaded:
        return _Loaded(self.overrides.over(Settings()), RunOptions())

    def _loaded(self, folder: PurePosixPath) -> _Loaded:
        known = self._by_folder.get(folder)
        if known is None:
            file = self.file_for(folder)
            known = self._default if file is None else self._load(file)
            self._by_folder[folder] = known
        return known

    def _load(self, path: Path) -> _Loaded:
        known = self._by_file.get(path)
        if known is None:
            known = self._read(read_config_file(path, self.root))
            self._by_file[path] = known
        return known

    def _read(self, file: ConfigFile) -> _Loaded:
        values: dict[str, object] = {}
        for name, value in file.table.items():
            key = KEYS.get(name)
            if key is None:
                raise _unknown_key(file, name)
            place = file.place(name)
            values[key.attribute] = self._value(key, value, place, file)
        run_names = {item.name for item in fields(RunOptions)}
        run = {name: value for name, value in values.items() if name in run_names}
        own = {name: value for name, value in values.items() if name not in run_names}
        if "rules" in own:
            own["rule_options"] = own.pop("rules")
        settings = Settings(**own)  # type: ignore[arg-type]
        return _Loaded(self.overrides.over(settings), RunOptions(**run))  # type: ignore[arg-type]

    def _value(self, key: Key, value: object, place: Place, file: ConfigFile) -> object:
        if key.kind == "selectors":
            selectors = _strings(value, place)
            for selector in selectors:
                self._expand(selector, str(place))
            return selectors
        if key.kind == "patterns":
            return tuple(rebase(pattern, self._base(file)) for pattern in _strings(value, place))
        if key.kind == "boolean":
            return _boolean(value, place)
        if key.kind == "integer":
            return _integer(value, place)
        if key.kind == "choice":
            return _choice(value, place, key.choices)
        if key.kind == "ignores":
            return self._per_path_ignores(value, place, file)
        if key.kind == "parameters":
            return {name: _parameter(item, place.of(name)) for name, item in _table(value, place).items()}
        return self._rule_tables(value, place)

    def _per_path_ignores(
        self, value: object, place: Place, file: ConfigFile
    ) -> Mapping[str, tuple[str, ...]]:
        result = {}
        for pattern, selectors in _table(value, place).items():
            inner = place.of(pattern)
            names = _strings(selectors, inner)
            for selector in names:
                self._expand(selector, str(inner))
            result[rebase(pattern, self._base(file))] = names
        return result

    def _rule_tables(self, value: object, place: Place) -> Mapping[str, Mapping[str, OptionValue]]:
        result = {}
        for name, options in _table(value, place).items():
            inner = place.of(name)
            meta = self.registry.rules.get(name)
            if meta is None:
                near = _near(name, self.registry.rules)
                raise ConfigError(f"{inner}: there is no rule `{name}`{near or _LIST_RULES}")
            result[name] = _rule_options(meta, _table(options, inner), inner)
        return result

    def _expand(self, selector: str, place: str) -> None:
        from lambdalint.registry import RegistryError

        try:
            self.registry.expand(selector)
        except RegistryError as error:
            raise ConfigError(f"{place}: {error}") from error

    def _base(self, file: ConfigFile) -> str:
        """Where patterns begin: at the folder of the file, or at the root for one that --config names."""
        if self.explicit is not None:
            return ""
        base = file.path.parent.relative_to(self.root).as_posix()
        return "" if base == "." else base


@dataclass(frozen=True)
class _Loaded:
    settings: Settings
    run: RunOptions


_TYPE_NAMES = {bool: "a boolean", str: "a string", list: "a list", dict: "a table"}
_LIST_RULES = "; `lambdalint rules` lists them"


def schema() -> dict[str, object]:
    """The JSON Schema of the configuration; data/config.schema.json is its copy."""
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "lambdalint",
        "description": "[tool.lambdalint] of pyproject.toml, or lambdalint.toml",
        "type": "object",
        "additionalProperties": False,
        "properties": {key.name: {"description": key.help, **_key_schema(key)} for key in KEYS.values()},
    }


def _key_schema(key: Key) -> dict[str, object]:
    strings: dict[str, object] = {"type": "array", "items": {"type": "string"}}
    scalar: dict[str, object] = {"type": ["string", "number", "boolean"]}
    by_kind: Mapping[Kind, dict[str, object]] = {
        "selectors": strings,
        "patterns": strings,
        "boolean": {"type": "boolean"},
        "integer": {"type": "integer", "minimum": 0},
        "choice": {"enum": list(key.choices)},
        "ignores": {"type": "object", "additionalProperties": strings},
        "parameters": {
            "type": "object",
            "additionalProperties": {"anyOf": [scalar, {"type": "array", "items": scalar}]},
        },
        "rules": {"type": "object", "additionalProperties": {"type": "object"}},
    }
    return by_kind[key.kind]


def _unknown_key(file: ConfigFile, name: str) -> ConfigError:
    place = file.place(name)
    if name in _COMMAND_LINE_ONLY:
        return ConfigError(
            f"{place} is for the command line alone: {_COMMAND_LINE_ONLY[name]}; remove the key"
        )
    if name.replace("_", "-") in KEYS:
        return ConfigError(f"{place} is not a key; write `{name.replace('_', '-')}`")
    return ConfigError(f"{place} is not a key{_near(name, KEYS) or _list_keys()}")


def _list_keys() -> str:
    return f"; the keys are {', '.join(KEYS)}"


def _rule_options(meta: RuleMeta, table: Mapping[str, object], place: Place) -> Mapping[str, OptionValue]:
    known = {_kebab(name): name for name in meta.options}
    result = {}
    for name, value in table.items():
        own = known.get(_kebab(name))
        if own is None:
            near = _near(name, known)
            there_are = f"; its options are {', '.join(sorted(known))}" if known else "; it has none"
            raise ConfigError(f"{place.of(name)} is not an option of {meta.name}{near or there_are}")
        result[own] = _option(value, meta.options[own], place.of(name))
    return result


def _option(value: object, default: OptionValue, place: Place) -> OptionValue:
    if isinstance(default, bool):
        return _boolean(value, place)
    if isinstance(default, (int, float)):
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise _wrong_type(place, "a number", value)
        if isinstance(default, int) and not isinstance(value, int):
            raise _wrong_type(place, "a whole number", value)
        return value
    if isinstance(default, str):
        if not isinstance(value, str):
            raise _wrong_type(place, "a string", value)
        return value
    if isinstance(default, list):
        return list(_strings(value, place))
    table = _table(value, place)
    for name, item in table.items():
        if not isinstance(item, str):
            raise _wrong_type(place.of(name), "a string", item)
    return {name: str(item) for name, item in table.items()}


def _strings(value: object, place: Place) -> tuple[str, ...]:
    if isinstance(value, str):
        raise ConfigError(f'{place} must be a list of strings, not one string; write ["{value}"]')
    if not isinstance(value, list):
        raise _wrong_type(place, "a list of strings", value)
    for item in value:
        if not isinstance(item, str):
            raise ConfigError(f"{place} must hold strings only, not {_type_name(item)}; put it in quotes")
    return tuple(value)


def _boolean(value: object, place: Place) -> bool:
    if not isinstance(value, bool):
        raise _wrong_type(place, "true or false", value)
    return value


def _integer(value: object, place: Place) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise _wrong_type(place, "a whole number from 0", value)
    return value


def _choice(value: object, place: Place, choices: Sequence[str]) -> str:
    if isinstance(value, str) and value in choices:
        return value
    listed = ", ".join(f'"{choice}"' for choice in choices)
    near = _near(value, choices) if isinstance(value, str) else ""
    raise ConfigError(f"{place} must be one of {listed}{near}")


def _table(value: object, place: Place) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise _wrong_type(place, "a table", value)
    return value


def _parameter(value: object, place: Place) -> str:
    """A parameter's value as CloudFormation takes it: text; a list is joined by commas."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (str, int, float)):
        return str(value)
    if isinstance(value, list):
        return ",".join(_parameter(item, place) for item in value)
    raise _wrong_type(place, "a string, a number or a list", value)


def _wrong_type(place: Place, expected: str, value: object) -> ConfigError:
    return ConfigError(f"{place} must be {expected}, not {_type_name(value)}")


def _type_name(value: object) -> str:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return "a number" if value >= 0 else "a negative number"
    return _TYPE_NAMES.get(type(value), "a date or time")


def _near(name: str, names: Iterable[str]) -> str:
    found = difflib.get_close_matches(_kebab(name), sorted(names), n=1, cutoff=0.6)
    return f"; did you mean `{found[0]}`?" if found else ""


def _kebab(name: str) -> str:
    return name.replace("_", "-").lower()
