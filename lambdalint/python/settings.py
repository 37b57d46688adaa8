"""Classes whose fields are environment variables: pydantic settings, and models made of `os.environ`.

- https://docs.pydantic.dev/latest/concepts/pydantic_settings/ (version 2) and
  https://docs.pydantic.dev/1.10/usage/settings/ (1): a field reads the variable of its name behind
  `env_prefix`, or of its alias as it is written; letter case does not matter unless `case_sensitive` says so.
- https://ran-isenberg.github.io/aws-lambda-env-modeler/: a plain model, validated on `os.environ`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import libcst as cst

from lambdalint.python import symbols
from lambdalint.python.environment import EnvRead, Open, Use, environ_references
from lambdalint.python.index import Index
from lambdalint.python.syntax import class_statements, last_name, string_value

if TYPE_CHECKING:
    from lambdalint.python.evaluate import Evaluator
    from lambdalint.python.module import PythonModule
    from lambdalint.python.reach import Reach

_SETTINGS = re.compile(
    r"pydantic(?:_settings|\.env_settings|\.v1|\.v1\.env_settings)?(?:\.main)?\.BaseSettings"
)
_V1 = re.compile(r"pydantic\.")
_FIELDS = frozenset({"pydantic.Field", "pydantic.fields.Field", "pydantic.v1.Field"})
_MODELER = re.compile(
    r"aws_lambda_env_modeler(?:\.\w+)*\.(?:get_environment_variables|init_environment_variables)"
)
_VALIDATORS = frozenset({"model_validate", "parse_obj", "validate"})
# Methods and decorators of a class that bring values from elsewhere.
_SOURCES = frozenset({"settings_customise_sources", "customise_sources", "__init__", "__new__"})
_BEFORE = frozenset({"model_validator", "root_validator"})


@dataclass(frozen=True)
class _Config:
    """What a settings class says of where its values come from; `elsewhere` where files may give them too."""

    prefix: str | None = ""
    case_sensitive: bool = False
    nested: str = ""
    elsewhere: bool = False


@dataclass(frozen=True)
class _Field:
    module: PythonModule
    node: cst.AnnAssign
    name: str
    required: bool
    aliases: tuple[str, ...]
    known: bool = True  # whether the aliases are all there are


@dataclass
class _Found:
    reads: list[EnvRead] = field(default_factory=list)
    open: list[Open] = field(default_factory=list)


def settings_reads(evaluator: Evaluator, reach: Reach) -> tuple[list[EnvRead], list[Open]]:
    """The variables that the settings classes of a reach read, and what of them cannot be told.

    A field without default is required where code makes an object of the class without giving it.
    """
    found = _Found()
    settings = [each for each in reach.modules if "BaseSettings" in each.source.text]
    if settings:
        for module in reach.modules:
            for node in module.nodes(cst.ClassDef):
                version = _settings_version(evaluator, module, node)
                if version is not None:
                    _read_class(evaluator, reach, module, node, version, found)
    for module in reach.modules:
        if "aws_lambda_env_modeler" in module.source.text or environ_references(module):
            _read_models(evaluator, reach, module, found)
    return found.reads, found.open


def _settings_version(evaluator: Evaluator, module: PythonModule, node: cst.ClassDef) -> int | None:
    """1 or 2 by where the class, or a base of it, gets BaseSettings from; None for other classes."""
    if not node.bases:
        return None
    for owner, cls in evaluator.program.classes(module, node):
        for base in cls.bases:
            name = owner.names.qualified(base.value) or ""
            if _SETTINGS.fullmatch(name):
                return 1 if _V1.match(name) else 2
    return None


def _read_class(
    evaluator: Evaluator, reach: Reach, module: PythonModule, node: cst.ClassDef, version: int, found: _Found
) -> None:
    config = _Config()
    fields: dict[str, _Field] = {}
    for owner, cls in reversed(list(evaluator.program.classes(module, node))):
        config = _config(evaluator, owner, cls, config)
        for each in _fields(evaluator, owner, cls, version):
            fields[each.name] = each
    making = list(_makings(evaluator, reach, symbols.Class(module, node)))
    for each in fields.values():
        if config.prefix is None or not each.known:
            found.open.append(Open("a settings class", each.module, each.node))
            continue
        names = each.aliases or (config.prefix + each.name,)
        if config.nested:
            pattern = re.compile(re.escape(names[0] + config.nested) + ".*", re.IGNORECASE)
            found.open.append(Open("a settings class", each.module, each.node, pattern))
        calls = [call for call in making if each.name not in call.given and not call.open]
        required = each.required and len(names) == 1 and not config.elsewhere and not config.nested
        for name in names:
            read = EnvRead(name, Use.OPTIONAL, each.module, each.node.target, each.module, each.node)
            read = replace(read, folded=not config.case_sensitive)
            if required and calls:
                first = calls[0]
                read = replace(read, use=Use.REQUIRED, reader_module=first.module, reader=first.call)
            found.reads.append(read)


@dataclass(frozen=True)
class _Making:
    """A call that makes an object of a class, and the fields it gives; `open` where others may come."""

    module: PythonModule
    call: cst.Call
    given: frozenset[str]
    open: bool


def _makings(evaluator: Evaluator, reach: Reach, cls: symbols.Class) -> Iterator[_Making]:
    name = cls.node.name.value
    for module in reach.modules:
        for _, calls in Index.of(module).calls:
            for call in calls:
                if last_name(call.func) != name or reach.phase(module, call) is None:
                    continue
                if cls in symbols.given(evaluator.value(module, call.func)):
                    given = frozenset(arg.keyword.value for arg in call.args if arg.keyword is not None)
                    # `_env_file=…` and its like are sources of values, too.
                    hidden = any(name.startswith("_") for name in given)
                    yield _Making(module, call, given, hidden or any(arg.star for arg in call.args))


def _config(evaluator: Evaluator, module: PythonModule, node: cst.ClassDef, config: _Config) -> _Config:
    for keyword in node.keywords:
        if keyword.keyword is not None:
            config = _configured(evaluator, module, config, keyword.keyword.value, keyword.value)
    for statement in class_statements(node):
        if isinstance(statement, cst.ClassDef) and statement.name.value == "Config":
            for inner in class_statements(statement):
                name, value = _assigned(inner)
                if value is not None:
                    config = _configured(evaluator, module, config, name, value)
        elif isinstance(statement, cst.FunctionDef):
            if statement.name.value in _SOURCES or _validates_before(statement):
                config = replace(config, elsewhere=True)
        else:
            name, value = _assigned(statement)
            if name == "model_config" and value is not None:
                for key, given in _keywords(value):
                    config = _configured(evaluator, module, config, key, given)
    return config


def _assigned(
    statement: cst.BaseSmallStatement | cst.BaseCompoundStatement,
) -> tuple[str, cst.BaseExpression | None]:
    if isinstance(statement, cst.Assign) and len(statement.targets) == 1:
        return last_name(statement.targets[0].target), statement.value
    if isinstance(statement, cst.AnnAssign):
        return last_name(statement.target), statement.value
    return "", None


def _keywords(value: cst.BaseExpression) -> Iterator[tuple[str, cst.BaseExpression]]:
    if isinstance(value, cst.Call):
        for argument in value.args:
            if argument.keyword is not None:
                yield argument.keyword.value, argument.value
    elif isinstance(value, cst.Dict):
        for element in value.elements:
            if isinstance(element, cst.DictElement) and isinstance(element.key, cst.SimpleString):
                yield str(string_value(element.key)), element.value


def _configured(
    evaluator: Evaluator, module: PythonModule, config: _Config, name: str, value: cst.BaseExpression
) -> _Config:
    symbol = evaluator.value(module, value)
    known = symbol.value if isinstance(symbol, symbols.Literal) else None
    if name == "env_prefix":
        return replace(config, prefix=known if isinstance(known, str) else None)
    if name == "case_sensitive":
        return replace(config, case_sensitive=known is True)
    if name == "env_nested_delimiter":
        return replace(config, nested=known if isinstance(known, str) else "__")
    if name in ("env_file", "secrets_dir", "json_file", "yaml_file", "toml_file"):
        return replace(config, elsewhere=config.elsewhere or symbol != symbols.NONE)
    return config


def _validates_before(node: cst.FunctionDef) -> bool:
    return any(
        last_name(each.decorator.func if isinstance(each.decorator, cst.Call) else each.decorator) in _BEFORE
        for each in node.decorators
    )


def _fields(evaluator: Evaluator, module: PythonModule, node: cst.ClassDef, version: int) -> Iterator[_Field]:
    for statement in class_statements(node):
        if not isinstance(statement, cst.AnnAssign) or not isinstance(statement.target, cst.Name):
            continue
        name = statement.target.value
        kinds = [
            last_name(each)
            for each in module.descendants(statement.annotation)
            if isinstance(each, (cst.Name, cst.Attribute))
        ]
        if name.startswith("_") or name == "model_config" or "ClassVar" in kinds:
            continue
        made = _made(evaluator, module, statement)
        default = statement.value is not None and (made is None or made.has_default)
        optional = version == 1 and _is_optional(statement.annotation.annotation)
        annotated = "Annotated" in kinds
        yield _Field(
            module,
            statement,
            name,
            not default and not optional and not annotated,
            made.aliases if made is not None else (),
            (made is None or made.known) and not annotated,
        )


def _is_optional(annotation: cst.BaseExpression) -> bool:
    if isinstance(annotation, cst.Subscript):
        return last_name(annotation.value) == "Optional"
    if isinstance(annotation, cst.BinaryOperation):
        return any(last_name(side) == "None" for side in (annotation.left, annotation.right))
    return False


@dataclass(frozen=True)
class _Made:
    has_default: bool
    aliases: tuple[str, ...]
    known: bool


def _made(evaluator: Evaluator, module: PythonModule, statement: cst.AnnAssign) -> _Made | None:
    """What `Field(…)` says of a field; None where the value is something else."""
    call = statement.value
    if not isinstance(call, cst.Call) or module.names.qualified(call.func) not in _FIELDS:
        return None
    has_default = False
    aliases: list[str] = []
    known = True
    for argument in call.args:
        key = argument.keyword.value if argument.keyword is not None else ""
        if argument.star:
            known = False
        elif key == "default_factory" or (
            key in ("", "default") and not isinstance(argument.value, cst.Ellipsis)
        ):
            has_default = True
        elif key in ("alias", "validation_alias", "env"):
            named = _alias_names(evaluator, module, argument.value)
            known = known and named is not None
            aliases = [*aliases, *(named or ())] if key != "validation_alias" else list(named or ())
    return _Made(has_default, tuple(dict.fromkeys(aliases)), known)


def _alias_names(
    evaluator: Evaluator, module: PythonModule, expr: cst.BaseExpression
) -> tuple[str, ...] | None:
    """The names of an alias, of `AliasChoices(…)` or of a list; None where they cannot be told."""
    if isinstance(expr, cst.Call) and last_name(expr.func) == "AliasChoices":
        parts = [_alias_names(evaluator, module, argument.value) for argument in expr.args]
    elif isinstance(expr, (cst.List, cst.Tuple, cst.Set)):
        parts = [_alias_names(evaluator, module, element.value) for element in expr.elements]
    else:
        symbol = evaluator.value(module, expr)
        known = symbol.value if isinstance(symbol, symbols.Literal) else None
        return (known,) if isinstance(known, str) else None
    names: list[str] = []
    for part in parts:
        if part is None:
            return None
        names.extend(part)
    return tuple(names)


# Plain models


def _read_models(evaluator: Evaluator, reach: Reach, module: PythonModule, found: _Found) -> None:
    for model_module, argument, call in _validated(module):
        if reach.phase(module, call) is None:
            continue
        for option in symbols.given(evaluator.value(model_module, argument)):
            if not isinstance(option, symbols.Class):
                continue
            for owner, cls in evaluator.program.classes(option.module, option.node):
                for each in _fields(evaluator, owner, cls, 2):
                    if not each.known:
                        found.open.append(Open("a model", each.module, each.node))
                    for name in each.aliases or (each.name,):
                        required = each.required and each.known and len(each.aliases) < 2
                        use = Use.REQUIRED if required else Use.OPTIONAL
                        found.reads.append(EnvRead(name, use, each.module, each.node.target, module, call))


def _validated(
    module: PythonModule,
) -> Iterator[tuple[PythonModule, cst.BaseExpression, cst.Call]]:
    """The models that are made of the environment: the expression that names each, and the call."""
    modelled = "aws_lambda_env_modeler" in module.source.text
    for call in module.nodes(cst.Call) if modelled else ():
        name = module.names.qualified(call.func) or ""
        if _MODELER.fullmatch(name):
            for argument in call.args:
                if argument.keyword is None or argument.keyword.value == "model":
                    yield module, argument.value, call
    for reference in environ_references(module):
        given = module.parent(reference.node)
        above = module.parent(given) if given is not None else None
        if not isinstance(given, cst.Arg) or not isinstance(above, cst.Call):
            continue
        if given.star == "**":
            yield module, above.func, above
        elif isinstance(above.func, cst.Attribute) and above.func.attr.value in _VALIDATORS:
            yield module, above.func.value, above
        else:  # Powertools: parse(event=os.environ, model=Settings)
            for other in above.args:
                if other.keyword is not None and other.keyword.value == "model":
                    yield module, other.value, above
