"""Handlers: the function behind the name that a template gives, or behind the shape that Lambda calls."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from lambdalint.python.control import handlers_around, tries_around
from lambdalint.python.module import PythonModule
from lambdalint.python.names import Binding, dotted_name
from lambdalint.python.program import Definition, Program

_EVENTS = frozenset({"event", "_event", "evt", "events", "_evt", "event_", "lambda_event", "aws_event"})
_CONTEXTS = frozenset(
    {"context", "_context", "ctx", "_ctx", "_", "__", "context_", "lambda_context", "_lambda_context"}
)
# What AWS's console and templates call the first parameter when it is not `event`.
_LOOSE_EVENTS = _EVENTS | {"_", "__", "input", "payload", "data", "request", "message", "record", "body"}
# Decorators that are put on handlers only.
_HANDLER_DECORATORS = frozenset(
    {
        "inject_lambda_context",
        "capture_lambda_handler",
        "log_metrics",
        "event_source",
        "event_parser",
        "lambda_handler_decorator",
        "idempotent",
        "datadog_lambda_wrapper",
        "serverless_function",
    }
)
_MAX_IMPORTS = 5
_WRAPPERS = frozenset({"Mangum", "make_lambda_handler", "SlackRequestHandler", "AsgiHandler", "WsgiHandler"})


def find_handlers_by_shape(module: PythonModule) -> list[cst.CSTNode]:
    """The functions (and bound names) of a module that look like handlers, in the order of the source.

    A handler by shape is a function at module level that takes two positional parameters with the usual
    names, or whose second is annotated as a LambdaContext, or that a decorator made for handlers stands on;
    or a name that is bound to an adapter such as `Mangum(app)`. An `async def` counts where it has a
    handler's name too and nothing in the module runs it.
    """
    found: list[cst.CSTNode] = []
    for statement in _top_level(module):
        if isinstance(statement, cst.FunctionDef):
            if _has_shape(module, statement) and not module.in_main_guard(statement):
                found.append(statement)
        elif isinstance(statement, cst.Assign) and _is_adapter(module, statement):
            found.append(statement)
    return found


def handler_node(
    program: Program, module: PythonModule, attribute: str
) -> tuple[PythonModule, cst.CSTNode] | None:
    """The handler that a module holds under a name, with its own module; None where there is none.

    That is a FunctionDef or Lambda wherever one can be told: through aliases, imports, `try`, the method of
    an object that can be called, and a wrapper around one function
    (`handler = logger.inject_lambda_context(f)`). Otherwise (`handler = Mangum(app)`) it is the statement
    that binds the name.
    """
    first, *rest = attribute.split(".")
    tried = _tried(module, first)
    definition = program.bound(module, tried) if tried is not None else program.member(module, first)
    for name in rest:
        if definition is not None:
            # What is an attribute of a value (`app.handler`) is no definition: the value stands for it.
            definition = program.attribute(definition, name) or definition
    if definition is None:
        return _imported(program, module, attribute)
    return _unwrapped(program, definition, 0) or (definition.module, definition.node)


def is_stub(node: cst.CSTNode) -> bool:
    """Whether a handler does nothing but raise or pass: it stands in for code that is put there later."""
    if not isinstance(node, cst.FunctionDef) or not isinstance(node.body, cst.IndentedBlock):
        return False
    statements = [
        small
        for line in node.body.body
        for small in (line.body if isinstance(line, cst.SimpleStatementLine) else (line,))
    ]
    texts = (cst.SimpleString, cst.ConcatenatedString, cst.Ellipsis)
    return all(
        isinstance(each, (cst.Raise, cst.Pass))
        or (isinstance(each, cst.Expr) and isinstance(each.value, texts))
        for each in statements
    )


def parameters(program: Program, module: PythonModule, node: cst.CSTNode) -> tuple[str | None, str | None]:
    """The names of the parameters that receive the event and the context; None where they cannot be told."""
    if not isinstance(node, cst.FunctionDef | cst.Lambda):
        return None, None
    positional = [param.name.value for param in (*node.params.posonly_params, *node.params.params)]
    if isinstance(node, cst.FunctionDef) and _takes_self(module, node):
        positional = positional[1:]
    names = [*positional, None, None]
    return names[0], names[1]


def _takes_self(module: PythonModule, node: cst.FunctionDef) -> bool:
    if module.enclosing_class(node) is None:
        return False
    return not any(dotted_name(decorator.decorator) == "staticmethod" for decorator in node.decorators)


# By name


def _tried(module: PythonModule, name: str) -> Binding | None:
    """The binding in a `try` for which the last one, in its `except`, only stands in."""
    bindings = module.names.module_scope.bindings.get(name, [])
    if len(bindings) < 2:
        return None
    clause = next(handlers_around(module, bindings[-1].node), None)
    statement = module.parent(clause) if clause is not None else None
    for binding in bindings[:-1]:
        if any(each is statement for each in tries_around(module, binding.node)):
            return binding
    return None


def _imported(
    program: Program, module: PythonModule, attribute: str, depth: int = 0
) -> tuple[PythonModule, cst.CSTNode] | None:
    """A handler that a package not in sight provides: the import that binds it, in the module of the
    application that has it from there."""
    for binding in reversed(module.names.module_scope.bindings.get(attribute.split(".")[0], [])):
        if not binding.is_import:
            continue
        parent, _, name = program.absolute(module, binding.qualified or "").rpartition(".")
        origin = program.module(parent) if parent and depth < _MAX_IMPORTS else None
        found = _imported(program, origin, name, depth + 1) if origin is not None else None
        return found or (module, binding.node)
    return None


def _unwrapped(
    program: Program, definition: Definition, depth: int
) -> tuple[PythonModule, cst.CSTNode] | None:
    """The function that a definition runs when it is called; None where that cannot be told."""
    node = definition.node
    module = definition.module
    if isinstance(node, cst.FunctionDef | cst.ImportAlias):
        return module, node
    if isinstance(node, cst.ClassDef):
        return _method(program, definition, "__call__") if depth else (module, node)
    binding = definition.binding
    if binding is None or binding.value is None or depth > 5:
        return None
    return _value(program, module, binding.value, depth + 1)


def _value(
    program: Program, module: PythonModule, value: cst.BaseExpression, depth: int
) -> tuple[PythonModule, cst.CSTNode] | None:
    if isinstance(value, cst.Lambda):
        return module, value
    if isinstance(value, cst.Name):
        found = program.definition(module, value)
        return _unwrapped(program, found, depth) if found is not None else None
    if isinstance(value, cst.Attribute):
        return _bound_method(program, module, value, depth)
    if not isinstance(value, cst.Call):
        return None
    func = program.definition(module, value.func)
    if func is not None and isinstance(func.node, cst.ClassDef):
        return _method(program, func, "__call__")
    functions = list(_function_arguments(program, module, value))
    return functions[0] if len(functions) == 1 else None


def _bound_method(
    program: Program, module: PythonModule, value: cst.Attribute, depth: int
) -> tuple[PythonModule, cst.CSTNode] | None:
    """`handler = Handler().handle`, `handler = service.handle`, `handler = module.handle`."""
    found = program.definition(module, value)
    if found is not None:
        return _unwrapped(program, found, depth)
    cls = _class_of(program, module, value.value)
    return _method(program, cls, value.attr.value) if cls is not None else None


def _class_of(program: Program, module: PythonModule, expr: cst.BaseExpression) -> Definition | None:
    if isinstance(expr, cst.Call):
        found = program.definition(module, expr.func)
        return found if found is not None and isinstance(found.node, cst.ClassDef) else None
    found = program.definition(module, expr)
    if found is not None and found.binding is not None and isinstance(found.binding.value, cst.Call):
        return _class_of(program, found.module, found.binding.value)
    return None


def _method(program: Program, cls: Definition, name: str) -> tuple[PythonModule, cst.CSTNode] | None:
    assert isinstance(cls.node, cst.ClassDef)
    found = program.class_attribute(cls.module, cls.node, name)
    if found is None or not isinstance(found.node, cst.FunctionDef):
        return None
    return found.module, found.node


def _function_arguments(
    program: Program, module: PythonModule, call: cst.Call
) -> Iterator[tuple[PythonModule, cst.CSTNode]]:
    """The functions of ours that a call is given, and those given to the call that makes its function:
    `logger.inject_lambda_context(log_event=True)(handler)`."""
    for argument in call.args:
        if isinstance(argument.value, cst.Lambda):
            yield module, argument.value
            continue
        if isinstance(argument.value, cst.Call):
            yield from _function_arguments(program, module, argument.value)
            continue
        found = program.definition(module, argument.value)
        if found is not None and isinstance(found.node, cst.FunctionDef):
            yield found.module, found.node


# By shape


def _top_level(module: PythonModule) -> Iterator[cst.CSTNode]:
    """The statements of the module level, those in `if`, `try` and `with` included, in order."""
    stack: list[cst.CSTNode] = list(reversed(module.tree.body))
    while stack:
        node = stack.pop()
        if isinstance(node, cst.FunctionDef | cst.ClassDef | cst.BaseSmallStatement):
            yield node
        else:
            stack.extend(
                child
                for child in reversed(module.children(node))
                if not isinstance(child, cst.BaseExpression)
            )


def _has_shape(module: PythonModule, node: cst.FunctionDef) -> bool:
    if node.asynchronous is not None and not _is_exported(module, node):
        return False
    params = node.params
    positional = [*params.posonly_params, *params.params]
    if _is_decorated(node) and 1 <= len(positional) <= 3:
        return True
    required = [param for param in positional if param.default is None]
    if len(required) > 2 or len(positional) < 2 or any(p.default is None for p in params.kwonly_params):
        return False
    first, second = positional[0], positional[1]
    if _is_lambda_context(second):
        return True
    if len(positional) > 2 and positional[2].default is None:
        return False
    if first.name.value in _EVENTS and second.name.value in _CONTEXTS:
        return True
    named = node.name.value in ("handler", "lambda_handler") or node.name.value.endswith("_handler")
    return named and first.name.value in _LOOSE_EVENTS and second.name.value in _CONTEXTS


def _is_exported(module: PythonModule, node: cst.FunctionDef) -> bool:
    """Whether a coroutine function has a handler's name and parameters and nothing in the module reads it."""
    names = [param.name.value for param in (*node.params.posonly_params, *node.params.params)]
    usual = len(names) == 2 and names[0] in _EVENTS and names[1] in _CONTEXTS
    if node.name.value not in ("handler", "lambda_handler") or not usual:
        return False
    bindings = module.names.module_scope.bindings.get(node.name.value, [])
    return len(bindings) == 1 and not bindings[0].reads


def _is_decorated(node: cst.FunctionDef) -> bool:
    for decorator in node.decorators:
        expr = decorator.decorator
        name = dotted_name(expr.func if isinstance(expr, cst.Call) else expr)
        if name is not None and name.rsplit(".", 1)[-1] in _HANDLER_DECORATORS:
            return True
    return False


def _is_lambda_context(param: cst.Param) -> bool:
    if param.annotation is None:
        return False
    annotation = param.annotation.annotation
    if isinstance(annotation, cst.SimpleString):
        return "LambdaContext" in annotation.value
    return (dotted_name(annotation) or "").rsplit(".", 1)[-1] == "LambdaContext"


def _is_adapter(module: PythonModule, node: cst.Assign) -> bool:
    if not isinstance(node.value, cst.Call):
        return False
    names = [target.target.value for target in node.targets if isinstance(target.target, cst.Name)]
    called = (dotted_name(node.value.func) or "").rsplit(".", 1)[-1]
    return called in _WRAPPERS and any("handler" in name.lower() for name in names)
