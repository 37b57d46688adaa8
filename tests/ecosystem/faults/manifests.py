"""Faults for the rules about what a bundle carries: dependencies, the runtime's library, copies."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from pathlib import Path

import yaml

from tests.ecosystem.applications import Application, get, scalar
from tests.ecosystem.faults.shapes import Fault, Planted, insert_body, insert_top

Edit = Callable[[str], str]


def _code_folder(place: Application) -> Path | None:
    """The CodeUri, relative to the application's folder."""
    module = (scalar(get(place.function, "Properties", "Handler")) or "").rpartition(".")[0]
    inside = Path(module.replace(".", "/") + ".py")
    folder = place.handler_file
    for _ in inside.parts:
        folder = folder.parent
    return folder if module else None


def listed(name: str, edit: Edit, only: str = "requirements.txt", whole: bool = False) -> Fault:
    """The list of requirements in the CodeUri, edited; made where there is none. `whole`: only where nothing
    is out of sight, so that something may be said to be unused."""

    def plant(place: Application, copy: Path) -> Planted | None:
        folder = _code_folder(place)
        if folder is None:
            return None
        path = folder / only
        others = ("requirements.txt", "pyproject.toml", "Pipfile")
        if only != "requirements.txt" and any((copy / folder / other).exists() for other in others):
            return None
        if whole and _sees_too_little(place, copy):
            return None
        before = (copy / path).read_bytes() if (copy / path).exists() else b""
        if before.startswith((b"\xff\xfe", b"\xfe\xff")):
            return None
        (copy / path).write_text(edit(before.decode("utf-8")), encoding="utf-8")
        return [path]

    return Fault(name, plant)


def unlisted(name: str, top: str, requirements: str | None = None) -> Fault:
    """An import at the top of the handler whose package no list names."""

    def plant(place: Application, copy: Path) -> Planted | None:
        folder = _code_folder(place)
        if folder is None or _sees_too_little(place, copy):
            return None
        path = copy / folder / "requirements.txt"
        if not path.exists() and requirements is None:
            return None
        if requirements is not None:
            if path.exists() and path.read_text(encoding="utf-8").strip():
                return None
            path.write_text(requirements, encoding="utf-8")
        file = copy / place.handler_file
        text = insert_top(file.read_text(encoding="utf-8"), top)
        if text is None:
            return None
        file.write_text(text, encoding="utf-8")
        return [place.handler_file]

    return Fault(name, plant)


def _sees_too_little(place: Application, copy: Path) -> bool:
    """Whether a layer, a Makefile or a package of its own leaves open what is there: silence is right."""
    text = (copy / place.template).read_text(encoding="utf-8")
    code = (copy / place.handler_file).read_text(encoding="utf-8")
    return re.search(r"Layers:|makefile|PYTHONPATH|EXEC_WRAPPER", text) is not None or "sys.path" in code


def runtime(name: str, version: str, top: str, body: str = "") -> Fault:
    """Code for another Python than the function's runtime, which is set to `version`."""

    def plant(place: Application, copy: Path) -> Planted | None:
        template = copy / place.template
        text = template.read_text(encoding="utf-8")
        changed = re.sub(r"(Runtime:\s*[\"']?)python3\.\d+", rf"\g<1>{version}", text)
        if f"{version}" not in changed:
            return None
        file = copy / place.handler_file
        code = insert_top(file.read_text(encoding="utf-8"), top)
        if code is not None and body:
            code = insert_body(code, place.handler_name, body)
        if code is None:
            return None
        template.write_text(changed, encoding="utf-8")
        file.write_text(code, encoding="utf-8")
        return [place.handler_file]

    return Fault(name, plant)


_BODY = """

def {name}(order):
    amount = 0
    for line in order["{key}"]:
        price = line["price"] * line["count"]
        if line.get("discount"):
            price -= line["discount"]
        amount += price
    return {{"id": order["id"], "total": amount}}
"""


def copied(name: str, first: str, second: str, other_key: str = "lines") -> Fault:
    """One body in the bundles of two functions, which the handlers call."""

    def plant(place: Application, copy: Path) -> Planted | None:
        others = list(_other_functions(place, copy))
        if not others:
            return None
        handler = scalar(get(place.function, "Properties", "Handler")) or ""
        edited = []
        for (file, function), called, key in (
            ((place.handler_file, place.handler_name), first, "lines"),
            (others[0], second, other_key),
        ):
            text = insert_body(
                (copy / file).read_text(encoding="utf-8"), function, f"{called}({{'id': 1, '{key}': []}})"
            )
            if text is None:
                return None
            edited.append((file, text.rstrip("\n") + "\n" + _BODY.format(name=called, key=key)))
        for file, text in edited:
            (copy / file).write_text(text, encoding="utf-8")
        return [file for file, _ in edited] if handler else None

    return Fault(name, plant)


def _other_functions(place: Application, copy: Path) -> list[tuple[Path, str]]:
    """The handlers of other functions of the template, in other code folders."""
    root = yaml.compose((copy / place.template).read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    resources = get(root, "Resources")
    defaults = get(root, "Globals", "Function")
    own = _code_folder(place)
    found = []
    for key, node in resources.value:
        if scalar(get(node, "Type")) != "AWS::Serverless::Function" or key.value == place.logical_id:
            continue
        properties = get(node, "Properties")
        text, uri, language = (
            scalar(get(properties, each)) or scalar(get(defaults, each))
            for each in ("Handler", "CodeUri", "Runtime")
        )
        if not text or not uri or not (language or "").startswith("python"):
            continue
        module, _, name = text.rpartition(".")
        folder = posixpath.normpath((place.template.parent / uri).as_posix())
        file = Path(folder, module.replace(".", "/") + ".py")
        if own is None or Path(folder) == own or own in Path(folder).parents:
            continue
        if Path(folder) not in own.parents and (copy / file).is_file():
            found.append((file, name))
    return found


FAULTS: dict[str, tuple[Fault, ...]] = {
    "dev-only-dependency": (
        listed("a line", lambda text: text.rstrip("\n") + "\npytest\n"),
        listed("with a version and a comment", lambda text: f"moto[s3]==5.0.1  # mocks\n{text}"),
        listed("type stubs", lambda text: text.rstrip("\n") + "\nboto3-stubs[essential]>=1.34\n"),
        listed("a linter, in other case", lambda text: f"Flake8 ; python_version >= '3.6'\n{text}"),
        listed(
            "a debugger with hashes", lambda text: f"{text.rstrip()}\nipdb==0.13 \\\n  --hash=sha256:00\n"
        ),
        listed(
            "pyproject",
            lambda text: '[project]\nname = "x"\nversion = "1"\ndependencies = [\n  "black",\n]\n',
            "pyproject.toml",
        ),
    ),
    "unused-dependency": (
        listed("a line", lambda text: text.rstrip("\n") + "\nxmltodict\n", whole=True),
        listed("another name than the import's", lambda text: f"beautifulsoup4==4.12.3\n{text}", whole=True),
        listed(
            "with a version", lambda text: text.rstrip("\n") + "\nphonenumbers>=8 # numbers\n", whole=True
        ),
    ),
    "missing-dependency": (
        unlisted("a package of its own name", "import xmltodict"),
        unlisted("another name than the list's", "from bs4 import BeautifulSoup as Planted"),
        unlisted("an empty list", "import requests as planted_requests", ""),
        unlisted("a list of another package", "import pandas as planted_pandas", "requests==2.32.3\n"),
        unlisted("several at once", "import json as planted_json, phonenumbers"),
    ),
    "removed-module": (
        runtime("distutils on 3.12", "python3.12", "from distutils.util import strtobool as planted"),
        runtime("imp on 3.13", "python3.13", "import imp"),
        runtime("cgi in the handler", "python3.13", "import json as planted_json", "import cgi"),
        runtime("Mapping of collections", "python3.11", "from collections import Mapping as Planted"),
        runtime(
            "match on 3.9", "python3.9", "import json as planted", "match event:\n    case 1:\n        pass"
        ),
        runtime("union on 3.9", "python3.9", "def planted(x: int | None = None):\n    return x"),
        runtime("UTC on 3.10", "python3.10", "from datetime import UTC as PLANTED"),
        runtime("quotes in an f-string", "python3.11", 'PLANTED = f"{dict(a=1)["a"]}"'),
        runtime(
            "an attribute", "python3.11", "import inspect as planted", "planted.getargspec(planted.stack)"
        ),
    ),
    "duplicate-code": (
        copied("the same function", "planted_total", "planted_total"),
        copied("under another name", "planted_total", "planted_sum"),
        copied("with another literal", "planted_total", "planted_total", "rows"),
    ),
}
