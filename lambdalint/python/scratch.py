"""Files that the invoke path leaves under /tmp, under a name of their own for each invocation.

What one invocation leaves there is there for the next, and fills the environment's scratch space. A fixed
name is overwritten, so it does not grow; what is looked for before it is written is a cache.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import libcst as cst

from lambdalint.python import symbols
from lambdalint.python.control import loops
from lambdalint.python.index import Index
from lambdalint.python.names import BindingKind
from lambdalint.python.reach import Phase
from lambdalint.python.syntax import last_name, parameter
from lambdalint.python.varying import Varies, is_loop_item, varies

if TYPE_CHECKING:
    from lambdalint.python.evaluate import Evaluator
    from lambdalint.python.module import PythonModule
    from lambdalint.python.names import Binding
    from lambdalint.python.reach import Reach

__all__ = ["Leftover", "leftovers"]

# Calls that write a file or make a folder, by their last name: the position of its path.
_WRITERS = {
    "copy": 1,
    "copy2": 1,
    "copyfile": 1,
    "copytree": 1,
    "download_file": -1,
    "extract": 1,
    "extractall": 0,
    "imwrite": 0,
    "makedirs": 0,
    "mkdir": 0,
    "move": 1,
    "save": 0,
    "savefig": 0,
    "to_csv": 0,
    "to_excel": 0,
    "to_json": 0,
    "to_parquet": 0,
    "to_pickle": 0,
    "unpack_archive": 1,
    "urlretrieve": 1,
}
_ON_PATHS = frozenset({"write_text", "write_bytes", "mkdir", "touch"})
_KEYWORDS = frozenset(
    {"Filename", "dst", "filename", "fname", "path", "path_or_buf", "file", "fp", "outfile"}
)
_OPENERS = frozenset({"open", "ZipFile", "GzipFile", "TarFile"})
_TEMPORARY = frozenset({"tempfile.mkdtemp", "tempfile.mkstemp", "tempfile.mktemp"})
_REMOVERS = frozenset({"remove", "unlink", "rmdir", "removedirs", "rmtree", "cleanup", "delete_file"})
_CHECKS = frozenset({"exists", "isfile", "isdir", "is_file", "is_dir", "lexists"})
_COMMANDS = ("subprocess.", "os.system", "os.popen")
_PATHS = frozenset({"pathlib.Path", "pathlib.PurePath", "pathlib.PosixPath", "builtins.str", "os.fspath"})
_MAX_DEPTH = 5


@dataclass(frozen=True, eq=False)
class Leftover:
    """A call that writes under /tmp, and the expression that tells one invocation's name from another's (the
    whole call, where the library makes the name)."""

    module: PythonModule
    node: cst.Call
    path: cst.BaseExpression

    @property
    def makes_folder(self) -> bool:
        """Whether it makes a folder rather than a file."""
        return _called(self.module, self.node) in (
            "copytree",
            "extractall",
            "makedirs",
            "mkdir",
            "mkdtemp",
            "unpack_archive",
        )


def leftovers(evaluator: Evaluator, reach: Reach) -> list[Leftover]:
    """The files that invocations leave under /tmp, each once, in the order of the source."""
    texts = [module.source.text for module in reach.modules]
    if not any("tmp" in text or "temp" in text for text in texts):
        return []
    return _Search(evaluator, reach).found()


class _Search:
    def __init__(self, evaluator: Evaluator, reach: Reach) -> None:
        self.evaluator = evaluator
        self.reach = reach

    def found(self) -> list[Leftover]:
        calls = [(module, call) for module in self.reach.modules for call in self._invoked(module)]
        writes = [found for place in calls if (found := self._write(*place)) is not None]
        if not writes or any(self._removes(*place) for place in calls):
            return []
        unique: dict[object, Leftover] = {}
        for write in writes:
            if not self._is_checked(write, calls):
                unique.setdefault(self._identity(write), write)
        return list(unique.values())

    def _invoked(self, module: PythonModule) -> Iterator[cst.Call]:
        for function, calls in Index.of(module).calls:
            if function is not None and Phase.INVOKE in self.reach.function_phases(function):
                yield from (call for call in calls if Phase.INVOKE in self.reach.phases(module, call))

    # Writing

    def _write(self, module: PythonModule, call: cst.Call) -> Leftover | None:
        name = _called(module, call)
        if name in ("mkdtemp", "mkstemp", "mktemp", "NamedTemporaryFile"):
            return self._temporary(module, call)
        path: cst.BaseExpression | None = None
        if name in _OPENERS:
            path = _written_path(call)
        elif name in _WRITERS:
            path = _path_argument(call, _WRITERS[name])
        if path is None and name in (*_ON_PATHS, "open") and isinstance(call.func, cst.Attribute):
            path = call.func.value if name != "open" or _opens_for_writing(call, 0) else None
        if path is None or not self._may_be_scratch(module, path) or not self._varies(module, path):
            return None
        return Leftover(module, call, path)

    def _may_be_scratch(self, module: PythonModule, path: cst.BaseExpression) -> bool:
        """Whether a path begins with /tmp; for a name with several bindings, one of those before it."""
        if not isinstance(path, cst.Name) or next(loops(module, path), None) is not None:
            return self._is_scratch(module, path)
        bindings = module.names.lookup(path)
        at = module.line_of(path)
        later = [each for each in bindings if module.line_of(each.node) > at]
        if not later or any(each.value is None for each in bindings):
            return self._is_scratch(module, path)
        return any(
            self._is_scratch(module, each.value)
            for each in bindings
            if each not in later and each.value is not None
        )

    def _temporary(self, module: PythonModule, call: cst.Call) -> Leftover | None:
        qualified = module.names.qualified(call.func) or ""
        kept = qualified in _TEMPORARY or (
            qualified == "tempfile.NamedTemporaryFile"
            and any(
                argument.keyword is not None
                and argument.keyword.value == "delete"
                and isinstance(argument.value, cst.Name)
                and argument.value.value == "False"
                for argument in call.args
            )
        )
        return Leftover(module, call, call) if kept else None

    def _is_scratch(self, module: PythonModule, expr: cst.BaseExpression, depth: int = 0) -> bool:
        """Whether a path begins with /tmp."""
        if depth > _MAX_DEPTH:
            return False
        options = symbols.alternatives(self.evaluator.value(module, expr))
        if any(self._begins_scratch(option, expr, depth) for option in options):
            return True
        if isinstance(expr, cst.BinaryOperation) and isinstance(expr.operator, (cst.Divide, cst.Add)):
            return self._is_scratch(module, expr.left, depth + 1)
        if isinstance(expr, cst.Call) and module.names.qualified(expr.func) in _PATHS and expr.args:
            return self._is_scratch(module, expr.args[0].value, depth + 1)
        if isinstance(expr, cst.Name):
            bindings = module.names.lookup(expr)
            values = [binding.value for binding in bindings if binding.value is not None]
            return len(values) == 1 and self._is_scratch(module, values[0], depth + 1)
        return False

    def _begins_scratch(self, symbol: symbols.Symbol, expr: cst.BaseExpression, depth: int) -> bool:
        beginning = symbol.parts[0] if isinstance(symbol, symbols.Text) else symbol
        if isinstance(beginning, symbols.Literal):
            text = str(beginning.value)
            return text == "/tmp" or text.startswith("/tmp/")
        if not isinstance(beginning, symbols.Instance):
            return False
        if beginning.qualified == "tempfile.gettempdir":
            return True
        node = beginning.node
        if beginning.qualified not in _PATHS or not node.args or node is expr:
            return False
        return self._is_scratch(beginning.module, node.args[0].value, depth + 1)

    def _varies(self, module: PythonModule, expr: cst.CSTNode, depth: int = 0) -> bool:
        """Whether a name is another one on each invocation: made of the event, the time, an identifier."""
        if depth > _MAX_DEPTH:
            return False
        for node in module.descendants(expr):
            if isinstance(node, cst.Name) and self._name_varies(module, node, depth):
                return True
            if isinstance(node, (cst.Attribute, cst.Call, cst.Subscript)) and self._is_varying(module, node):
                return True
        return False

    def _is_varying(self, module: PythonModule, expr: cst.BaseExpression) -> bool:
        return varies(self.evaluator, self.evaluator.value(module, expr)) is Varies.YES

    def _name_varies(self, module: PythonModule, name: cst.Name, depth: int) -> bool:
        if self._is_varying(module, name):
            return True
        if is_loop_item(self.evaluator, module, name):
            return self._iterates_over_varying(module, name, depth)
        for binding in module.names.lookup(name):
            if binding.kind is BindingKind.PARAMETER:
                if self._passed_varies(module, binding, depth):
                    return True
                continue
            local = binding.scope is not module.names.module_scope
            if local and binding.value is not None and self._varies(module, binding.value, depth + 1):
                return True
        return False

    def _passed_varies(self, module: PythonModule, binding: Binding, depth: int) -> bool:
        """Whether some caller passes another name on each invocation."""
        function = binding.scope.node
        if not isinstance(function, cst.FunctionDef):
            return False
        position, _ = parameter(function, binding.name)
        skip = 1 if module.enclosing_class(function) is not None else 0
        for caller, call in self.reach.call_sites(module, function):
            for at, argument in enumerate(call.args):
                named = argument.keyword is not None and argument.keyword.value == binding.name
                if (named or (argument.keyword is None and at == position - skip)) and self._varies(
                    caller, argument.value, depth + 1
                ):
                    return True
        return False

    def _iterates_over_varying(self, module: PythonModule, name: cst.Name, depth: int) -> bool:
        for binding in module.names.lookup(name):
            loop = binding.node
            if binding.kind in (BindingKind.FOR, BindingKind.COMPREHENSION) and isinstance(
                loop, (cst.For, cst.CompFor)
            ):
                return self._varies(module, loop.iter, depth + 1)
        return False

    # Removing and looking

    def _removes(self, module: PythonModule, call: cst.Call) -> bool:
        name = _called(module, call)
        if name in _REMOVERS:
            # `items.remove(item)` is of a list, a workbook, a set.
            own = module.names.qualified(call.func)
            return name != "remove" if own is None else own.startswith(("os.", "shutil.", "posix."))
        qualified = module.names.qualified(call.func) or ""
        if qualified.startswith(_COMMANDS):
            text = module.tree.code_for_node(call)
            return any(word in text for word in ("rm ", '"rm"', "'rm'", "find ", "-delete"))
        return False

    def _is_checked(self, write: Leftover, calls: list[tuple[PythonModule, cst.Call]]) -> bool:
        """Whether code asks whether the file is there: a cache."""
        words = _names(write.module, write.path)
        for module, call in calls:
            if _called(module, call) not in _CHECKS:
                continue
            asked = call.args[0].value if call.args else None
            if asked is None and isinstance(call.func, cst.Attribute):
                asked = call.func.value
            if asked is not None and (
                self._is_scratch(module, asked) or not words.isdisjoint(_names(module, asked))
            ):
                return True
        return False

    def _identity(self, write: Leftover) -> object:
        """What tells one file from another: the variable that holds its path, or how it is written."""
        path = write.path
        if isinstance(path, cst.Name):
            bindings = write.module.names.lookup(path)
            if bindings:
                return id(bindings[0])
        return id(write.module), write.module.tree.code_for_node(path)


def _called(module: PythonModule, call: cst.Call) -> str:
    """The last name of what is called, whatever it is imported as."""
    qualified = module.names.qualified(call.func)
    return qualified.rpartition(".")[2] if qualified is not None else last_name(call.func)


def _names(module: PythonModule, expr: cst.CSTNode) -> set[str]:
    return {node.value for node in module.descendants(expr) if isinstance(node, cst.Name)}


def _written_path(call: cst.Call) -> cst.BaseExpression | None:
    """The path of `open(path, "w")` and its like."""
    if not call.args or not _opens_for_writing(call, 1):
        return None
    return _path_argument(call, 0)


def _opens_for_writing(call: cst.Call, position: int) -> bool:
    mode: cst.BaseExpression | None = None
    for argument in call.args:
        if argument.keyword is not None and argument.keyword.value == "mode":
            mode = argument.value
    placed = [argument.value for argument in call.args if argument.keyword is None and not argument.star]
    if mode is None and len(placed) > position:
        mode = placed[position]
    return isinstance(mode, cst.SimpleString) and any(letter in mode.raw_value for letter in "wax+")


def _path_argument(call: cst.Call, position: int) -> cst.BaseExpression | None:
    for argument in call.args:
        if argument.keyword is not None and argument.keyword.value in _KEYWORDS:
            return argument.value
    placed = [argument.value for argument in call.args if argument.keyword is None and not argument.star]
    if position < 0:
        return placed[position] if placed else None
    return placed[position] if len(placed) > position else None
