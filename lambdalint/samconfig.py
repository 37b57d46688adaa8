"""The parameters with which `sam deploy` deploys a template, from the samconfig file beside it.

https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/serverless-sam-cli-config.html
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from lambdalint.config_file import ConfigError, read_toml

_CLOUDFORMATION_FORM = re.compile(r"ParameterKey=(?P<key>[^,\s]+),ParameterValue=(?P<value>.*)", re.DOTALL)
# The tables that hold for `sam deploy` in the environment that it takes when none is named; later ones win.
_TABLES = (("default", "global", "parameters"), ("default", "deploy", "parameters"))


def parameter_overrides(root: Path, template: PurePosixPath) -> tuple[Mapping[str, str], str | None]:
    """The values that samconfig.toml gives to the template's parameters, and a remark if it cannot be read.

    Only the environment `default` counts: which other one is deployed is unknown here. A file that names
    another template (`template_file`) says nothing about this one.
    """
    folder = template.parent
    data, problem = _read(root, folder)
    result: dict[str, str] = {}
    for path in _TABLES:
        table = _table(data, path)
        named = table.get("template_file") or table.get("template")
        if isinstance(named, str) and not _names(named, template.name):
            return {}, problem
        result.update(_pairs(table.get("parameter_overrides")))
    return result, problem


def _read(root: Path, folder: PurePosixPath) -> tuple[Mapping[str, object], str | None]:
    path = root / folder / "samconfig.toml"
    if not path.is_file():
        return {}, None
    try:
        return read_toml(path, (folder / "samconfig.toml").as_posix())[0], None
    except ConfigError as error:
        return {}, f"{error}; until then the parameters that it sets are unknown"


def _names(value: str, name: str) -> bool:
    """Whether a `template_file` means the template of that name, or what was built or packaged from it."""
    path = PurePosixPath(value.replace("\\", "/"))
    return path.name in (name, "packaged.yaml", "packaged.yml", "packaged.json") or ".aws-sam" in path.parts


def _table(data: object, path: tuple[str, ...]) -> Mapping[str, object]:
    for key in path:
        data = data.get(key) if isinstance(data, dict) else None
    return data if isinstance(data, dict) else {}


def _pairs(value: object) -> Mapping[str, str]:
    """SAM takes a string of pairs, a list of strings, or (newer versions) a table."""
    if isinstance(value, dict):
        return {str(key): _scalar(item) for key, item in value.items()}
    if isinstance(value, list):
        return {key: item for part in value for key, item in _pairs(part).items()}
    if not isinstance(value, str):
        return {}
    try:
        words = shlex.split(value)
    except ValueError:
        words = value.split()
    pairs: dict[str, str] = {}
    for word in words:
        match = _CLOUDFORMATION_FORM.fullmatch(word)
        if match is not None:
            pairs[match["key"]] = match["value"]
        elif "=" in word:
            key, _, text = word.partition("=")
            pairs[key] = text
    return pairs


def _scalar(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return ",".join(_scalar(item) for item in value) if isinstance(value, list) else str(value)
