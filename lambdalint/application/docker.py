"""What a Dockerfile says about a Lambda image written in Python: the handler, the files and the environment.

Only what stands in it literally is read; base images are looked at by name alone.
"""

from __future__ import annotations

import json
import posixpath
import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

TASK_ROOT = "/var/task"
"""LAMBDA_TASK_ROOT, the working directory of AWS's base images:
https://docs.aws.amazon.com/lambda/latest/dg/python-image.html"""

_CONTINUED = re.compile(r"\\[ \t]*\r?\n(?:[ \t]*#.*\r?\n)*")
_INSTRUCTION = re.compile(r"^\s*([A-Za-z]+)\s+(.*)$")
_REQUIREMENTS = re.compile(r"(?:^|\s)(?:-r|--requirement)(?:\s+|=)?(?P<path>[^\s\"']+)")
_VARIABLE = re.compile(r"\$(?:\{([A-Za-z_]\w*)(?::[-+][^}]*)?\}|([A-Za-z_]\w*))")
_WEB_ADAPTERS = ("aws-lambda-adapter", "aws-lambda-web-adapter", "lambda-adapter")


@dataclass(frozen=True)
class Copy:
    """`COPY source target`: a path of the build context, and where it goes in the image."""

    source: str
    target: str


@dataclass
class Dockerfile:
    """The stages of a Dockerfile, read as one; `command` and `entrypoint` are the last stage's, None where
    there is none or it is not literal."""

    command: Sequence[str] | None = None
    entrypoint: Sequence[str] | None = None
    workdir: str = TASK_ROOT
    environment: dict[str, str] = field(default_factory=dict)
    copies: list[Copy] = field(default_factory=list)
    base: str = ""
    web_adapter: bool = False
    installed: list[str] = field(default_factory=list)  # the files that `pip install -r` names


def read_dockerfile(text: str) -> Dockerfile:
    """Reads a Dockerfile. What it cannot make out it leaves out; it never raises."""
    image = Dockerfile()
    stages: set[str] = set()
    variables = {"LAMBDA_TASK_ROOT": TASK_ROOT, "LAMBDA_RUNTIME_DIR": "/var/runtime"}
    for name, rest in _instructions(text):
        if name == "FROM":
            _begin_stage(image, rest, variables, stages)
        elif name == "ARG":
            key, assigned, value = rest.partition("=")
            if assigned:
                variables.setdefault(key.strip(), _expand(_unquoted(value), variables))
        elif name == "ENV":
            for key, value in _pairs(rest):
                variables[key] = image.environment[key] = _expand(value, variables)
        elif name == "WORKDIR":
            image.workdir = posixpath.join(image.workdir, _expand(_unquoted(rest), variables))
        elif name in ("COPY", "ADD"):
            _copy(image, rest, variables)
        elif name == "RUN":
            image.installed += [_expand(path, variables) for path in _installed(rest)]
        elif name == "CMD":
            image.command = _words(rest, variables)
        elif name == "ENTRYPOINT":
            image.entrypoint = _words(rest, variables)
    return image


def _instructions(text: str) -> Iterator[tuple[str, str]]:
    for line in _CONTINUED.sub(" ", text).splitlines():
        match = None if line.lstrip().startswith("#") else _INSTRUCTION.match(line)
        if match:
            yield match[1].upper(), match[2].strip()


def _begin_stage(image: Dockerfile, rest: str, variables: dict[str, str], stages: set[str]) -> None:
    words = [_expand(word, variables) for word in rest.split() if not word.startswith("--")]
    if not words:
        return
    if words[0] not in stages:
        image.base = words[0]
        image.command = image.entrypoint = None
        image.workdir = TASK_ROOT
        image.environment.clear()
    if len(words) > 2 and words[1].lower() == "as":
        stages.add(words[2])


def _copy(image: Dockerfile, rest: str, variables: dict[str, str]) -> None:
    flags = []
    while rest.startswith("--"):
        flag, _, rest = rest.partition(" ")
        flags.append(flag)
        rest = rest.strip()
    words = _words(rest, variables)
    if any(name in word for word in (*flags, *(words or ())) for name in _WEB_ADAPTERS):
        image.web_adapter = True
    if words is None or len(words) < 2 or any(flag.startswith("--from") for flag in flags):
        return
    *sources, target = words
    place = posixpath.normpath(posixpath.join(image.workdir, target))
    into_folder = len(sources) > 1 or target.endswith(("/", "."))
    for source in sources:
        name = posixpath.basename(source.rstrip("/"))
        if "*" in name:  # the content of a folder, or some of it
            image.copies.append(Copy(posixpath.dirname(source) or ".", place))
            continue
        is_file = "." in name and name not in (".", "..")
        inside = is_file and (into_folder or place == image.workdir)
        image.copies.append(Copy(source, posixpath.join(place, name) if inside else place))


def _installed(rest: str) -> Iterator[str]:
    """The files of `pip install -r FILE`, `python -m pip …` and `uv pip …` in a command."""
    for command in re.split(r"&&|;|\|\|", rest):
        if re.search(r"\bpip3?(?:\.\d+)?\s+install\b", command):
            yield from (match["path"] for match in _REQUIREMENTS.finditer(command))


def _words(rest: str, variables: dict[str, str]) -> Sequence[str] | None:
    """The words of an instruction in its JSON or its shell form."""
    if rest.startswith("["):
        try:
            listed = json.loads(rest)
        except ValueError:
            return None
        if not isinstance(listed, list) or not all(isinstance(word, str) for word in listed):
            return None
        return [_expand(word, variables) for word in listed]
    try:
        return [_expand(word, variables) for word in shlex.split(rest)]
    except ValueError:
        return None


def _pairs(rest: str) -> Iterator[tuple[str, str]]:
    try:
        words = shlex.split(rest)
    except ValueError:
        return
    if words and "=" not in words[0]:  # ENV KEY some value
        yield words[0], " ".join(words[1:])
        return
    for word in words:
        key, assigned, value = word.partition("=")
        if assigned:
            yield key, value


def _unquoted(text: str) -> str:
    text = text.strip()
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'" else text


def _expand(text: str, variables: dict[str, str]) -> str:
    return _VARIABLE.sub(lambda match: variables.get(match[1] or match[2], match[0]), text)
