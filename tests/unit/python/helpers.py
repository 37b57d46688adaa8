"""A program out of texts, for tests."""

from __future__ import annotations

from pathlib import PurePosixPath
from textwrap import dedent

import libcst as cst

from lambdalint.python.module import PythonModule
from lambdalint.python.program import Program
from lambdalint.source import SourceFile


def parse(text: str, path: str = "app.py") -> PythonModule:
    return PythonModule.parse(SourceFile(PurePosixPath(path), text))


class Project:
    """Modules by path, as one bundle."""

    def __init__(self, files: dict[str, str]) -> None:
        self.modules: dict[str, PythonModule] = {}
        self._names: dict[int, tuple[str, bool]] = {}
        for path, text in files.items():
            self.add(path, dedent(text))
        self.program = Program(self.modules.get, lambda module: self._names[id(module)])

    def add(self, path: str, text: str) -> None:
        dotted = path.removesuffix(".py").replace("/", ".")
        is_package = dotted.endswith("__init__")
        dotted = dotted.removesuffix(".__init__")
        module = parse(text, path)
        self.modules[dotted] = module
        self._names[id(module)] = (dotted, is_package)

    def __getitem__(self, dotted: str) -> PythonModule:
        return self.modules[dotted]


def function(module: PythonModule, name: str) -> cst.FunctionDef:
    (found,) = (node for node in module.nodes(cst.FunctionDef) if node.name.value == name)
    return found


def name(module: PythonModule, text: str, index: int = 0) -> cst.Name:
    return [node for node in module.nodes(cst.Name) if node.value == text][index]
