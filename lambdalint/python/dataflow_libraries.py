"""Functions and methods of libraries in the flow analysis, by the tables of `library`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import libcst as cst

from lambdalint.python import library
from lambdalint.python.dataflow import OPENED, Arguments, Loop, constant
from lambdalint.python.dataflow_calls import Calls
from lambdalint.python.provenance import (
    ERROR,
    GENERATED,
    STATIC,
    STATIC_TEXT,
    STATUS,
    Cell,
    Provenance,
    Source,
    Value,
    data,
    either,
    fault,
    handle,
    joined,
    unwrapped,
)
from lambdalint.python.symbols import (
    External,
    Function,
    Instance,
    Member,
    Sdk,
)
from lambdalint.python.syntax import string_value


class Libraries(Calls):
    """Runs what is not the application's own."""

    # Functions of libraries

    def external(self, qualified: str, expr: cst.Call) -> Value:
        if qualified.startswith(library.HARMLESS_PREFIXES):
            self.arguments(expr)
            return data(STATIC_TEXT)
        special = _SPECIAL.get(qualified)
        if special is not None:
            found: Value = special(self, expr)
            return found
        if qualified in library.CODERS:
            return self._code(qualified, expr)
        if qualified in library.GENERATORS:
            self.arguments(expr)
            return data(GENERATED)
        if qualified.startswith(library.VALIDATION_PREFIXES):
            raise self.stop("validation", expr)
        if qualified.startswith(library.STRUCTURAL_PREFIXES):
            return joined(self.arguments(expr).all(), ("condition",) if "conditions" in qualified else ())
        if qualified.rpartition(".")[0] in library.HTTP_MODULES or qualified == "urllib3.request":
            return self._http(qualified.rpartition(".")[2], expr)
        module, _, name = qualified.partition(".")
        if module == "builtins":
            return self._builtin(name, expr)
        if qualified.startswith(("datetime.", "uuid.")):
            return self._time(expr)
        if qualified.startswith(library.COMPUTING_PREFIXES):
            return fault(f"computed: {qualified}", *self.arguments(expr).all())
        made = self.evaluator.value(self.module, expr)
        if isinstance(made, Instance) and qualified in (*library.HTTP_SESSIONS, *library.SERIALIZERS):
            self.arguments(expr)
            return handle(made)
        if isinstance(made, Instance) and "Processor" in qualified and "batch" in qualified:
            return handle(made)
        raise self.stop(f"unknown: {qualified}", expr)

    def _code(self, qualified: str, expr: cst.Call) -> Value:
        values = [
            value
            for argument, value in zip(expr.args, self._argument_values(expr), strict=True)
            if argument.keyword is None or argument.keyword.value not in _ENCODER_OPTIONS
        ]
        data_values = [value for value in values if value.kind != "handle"]
        step = library.CODERS[qualified]
        if step == "copy" and len(data_values) == 1:
            return data_values[0]
        if len(data_values) == 1 and data_values[0].kind == "data":
            opens = step == "json" and qualified.rpartition(".")[2] in ("load", "loads", "literal_eval")
            found = _opened(data_values[0]) if opens else data_values[0].derive(steps=(step,))
            found.own = replace(found.own, text=qualified in library.TEXT_MAKERS)
            return found
        return joined(data_values, (step,), text=qualified in library.TEXT_MAKERS)

    def _argument_values(self, expr: cst.Call) -> list[Value]:
        return [
            handle(External("option"))
            if argument.keyword is not None and argument.keyword.value in _ENCODER_OPTIONS
            else self.value(argument.value)
            for argument in expr.args
        ]

    def _time(self, expr: cst.Call) -> Value:
        """A moment written differently, or moved: the latter is computed."""
        values = self.arguments(expr).all()
        found = joined(values, ("timestamp",))
        if found.provenance.only(Source.STATIC | Source.GENERATED):
            return data(GENERATED if found.provenance.sources & Source.GENERATED else STATIC)
        return found

    def _builtin(self, name: str, expr: cst.Call) -> Value:
        if name in library.COMPUTING_BUILTINS:
            return fault(f"computed: {name}", *self.arguments(expr).all())
        if name.endswith(("Error", "Exception", "Warning", "Exit", "Interrupt", "Iteration")):
            self.arguments(expr)
            return data(ERROR)
        if name in ("list", "tuple", "iter", "next"):
            values = self.arguments(expr).all()
            if not values:
                return Value("list", STATIC, Cell(), depth=len(self.loops))
            return self.element(values[0]) if name == "next" else values[0]
        if name == "dict":
            arguments = self.arguments(expr)
            found = Value("dict", STATIC, Cell(), entries=dict(arguments.keywords), depth=len(self.loops))
            for value in (*arguments.positional, *arguments.spread):
                found.put(value)
            return found
        if name in ("enumerate", "zip"):
            values = self.arguments(expr).all()
            return values[0] if len(values) == 1 else joined(values)
        if name == "len":
            values = self.arguments(expr).all()
            if len(values) != 1:
                raise self.stop("unknown: len", expr)
            measured = values[0]
            counted = fault("counted", measured)
            counted.sized = measured if measured.kind == "list" and not measured.shared else None
            return counted
        if name == "range":
            values = self.arguments(expr).all()
            return data(Provenance(Source.GENERATED, frozenset({"counter"})))
        if name == "map" and len(expr.args) == 2:
            return self._map(expr)
        if name == "filter":
            return fault("dropping", *self.arguments(expr).all())
        if name == "getattr" and len(expr.args) >= 2:
            known = constant(self.evaluator, self.module, expr.args[1].value)
            if isinstance(known, str):
                return self.attribute(self.value(expr.args[0].value), known, expr)
        if name == "open":
            raise self.stop("file", expr)
        raise self.stop(f"unknown: {name}", expr)

    def _map(self, expr: cst.Call) -> Value:
        function, many = self.value(expr.args[0].value), self.value(expr.args[1].value)
        kind = self.loop_kind(many)
        self.loops.append(Loop(kind))
        found = Value("list", STATIC, Cell(aggregate=kind == "records"), depth=len(self.loops) - 1)
        if isinstance(function.symbol, Function):
            found.put(self.run_function(function.symbol, Arguments([self.element(many)]), expr))
        elif isinstance(function.symbol, External) and function.symbol.qualified in library.CODERS:
            found.put(self.element(many).derive(steps=(library.CODERS[function.symbol.qualified],)))
        else:
            raise self.stop("unknown: map", expr)
        self.loops.pop()
        return found

    def _http(self, method: str, expr: cst.Call) -> Value:
        arguments = self.arguments(expr)
        names: tuple[str, ...] = ("url", "data", "json", "files")
        if method == "request":
            verb = constant(self.evaluator, self.module, expr.args[0].value) if expr.args else None
            method = str(verb).lower() if verb is not None else ""
            names = ("method", *names)
        if method in library.HTTP_READS:
            raise self.stop("unknown: HTTP read", expr)
        if method not in library.HTTP_SENDS:
            raise self.stop("unknown: HTTP method", expr)
        return self._send(dict(arguments.by_name(names)), expr)

    def _send(self, arguments: dict[str, Value], expr: cst.Call) -> Value:
        if self.error_depth:
            raise self.stop("call in error handling", expr)
        if self.branches:
            raise self.stop(self.branches[-1], expr)
        self.check_decided(expr)
        url = arguments.get("url")
        if url is not None and url.kind != "handle" and (url.provenance.is_data or url.provenance.fault):
            raise self.stop("routing", expr)
        self.add_sink(expr, "http", None, arguments)
        return data(STATUS)

    def _urlopen(self, expr: cst.Call) -> Value:
        values = self.arguments(expr).by_name(("url", "data"))
        request = values.get("url")
        if "data" not in values and (request is None or "request" not in request.own.steps):
            raise self.stop("unknown: HTTP read", expr)
        body = {name: value for name, value in values.items() if name != "url"}
        if request is not None and "request" in request.own.steps:
            body = {**body, "data": request}
        return self._send(body, expr)

    def _request(self, expr: cst.Call) -> Value:
        arguments = self.arguments(expr).by_name(("url", "data", "headers"))
        if "data" not in arguments:
            raise self.stop("unknown: HTTP read", expr)
        url = arguments["url"]
        if url.provenance.is_data or url.provenance.fault:
            raise self.stop("routing", expr)
        return joined([value for value in arguments.values() if value.kind != "handle"], ("request",))

    def _batch_response(self, expr: cst.Call) -> Value:
        """Powertools' `process_partial_response(event, record_handler, processor, context)`."""
        arguments = self.arguments(expr).by_name(("event", "record_handler", "processor", "context"))
        return self._handle_records(arguments.get("event"), arguments.get("record_handler"), expr)

    def _handle_records(self, event: Value | None, function: Value | None, expr: cst.Call) -> Value:
        if event is None or event.kind != "data" or function is None:
            raise self.stop("unknown: batch processor", expr)
        if not isinstance(function.symbol, Function):
            raise self.stop("unknown: record handler", expr)
        whole = event.own.paths == frozenset({()})
        record = event.derive(path=("Records", None) if whole else (None,))
        self.loops.append(Loop("records"))
        self.run_function(function.symbol, Arguments([record]), expr)
        self.loops.pop()
        return data(STATUS)

    def _sleep(self, expr: cst.Call) -> Value:
        raise self.stop("waits", expr)

    def _environment(self, expr: cst.Call) -> Value:
        values = self.arguments(expr).by_name(("key", "default"))
        name = values.pop("key", None)
        return self.variable(name, *values.values()) if name is not None else fault("lookup")

    def _config_read(self, expr: cst.Call) -> Value:
        self.arguments(expr)
        self.configuration[id(expr)] = expr
        return data(STATIC)

    # Methods

    def method(self, base: Value, name: str, expr: cst.Call) -> Value:
        """A method of data, a list, a dict or a string."""
        if name in ("get", "pop") and expr.args and base.kind in ("data", "dict"):
            found = self.item(base, expr.args[0].value)
            for argument in expr.args[1:]:
                default = self.value(argument.value)
                if default.kind == "handle" or not default.provenance.only(Source.STATIC | Source.GENERATED):
                    return fault("decision", found, default)
                if base.get(_key(expr)) is None:
                    found = either(found, default)
            return found
        arguments = self.arguments(expr)
        values = [value for value in arguments.all() if value.kind != "handle"]
        if name in _GROWING:
            return self._grow(base, name, values, arguments)
        if name in (
            "items",
            "values",
            "keys",
            "copy",
            "read",
            "raise_for_status",
            "close",
            "seek",
            "getvalue",
        ):
            return base if name not in ("raise_for_status", "close", "seek") else data(STATIC)
        if name in ("decode", "encode", "json", "data_as_text", "data_as_json", "readlines", "iter_lines"):
            step = "json" if "json" in name else "encode"
            found = base.derive(steps=(step,)) if base.kind == "data" else joined([base], (step,))
            found.own = replace(found.own, text=name == "decode")
            return found
        if name == "format" and base.own.text:
            return joined([base, *values], ("format",), text=True)
        if name == "join" and base.own.text and len(values) == 1:
            return self._join(base, values[0])
        if name in library.TIME_METHODS and base.provenance.only(Source.GENERATED | Source.STATIC):
            return data(base.provenance)
        if name in ("isoformat", "strftime", "timestamp", "astimezone") and "timestamp" in base.own.steps:
            return base
        if "condition" in base.provenance.steps:
            return joined([base, *values], ("condition",))
        if name.startswith("get_") and base.own.sources & Source.EVENT and base.own.paths:
            # Accessors of Powertools' data classes: event.get_query_string_value("id").
            key = _key(expr)
            return base.derive(path=(name.removeprefix("get_"), key) if key else (name,))
        if base.provenance.only(
            Source.STATIC | Source.GENERATED | Source.CONTEXT | Source.STATUS | Source.ERROR
        ):
            return joined([base, *values])
        return fault(f"computed: .{name}()", base, *values)

    def _join(self, separator: Value, many: Value) -> Value:
        """Text from several pieces."""
        found = separator.own | unwrapped(many, 1)
        return data(replace(found, steps=found.steps | {"aggregate", "join"}, text=True))

    def _grow(self, base: Value, name: str, values: Sequence[Value], arguments: Arguments) -> Value:
        if base.shared:
            raise self.stop("state kept between invocations", self.here.node or self.module.tree)
        reason = self.decision()
        for value in (*values, *arguments.keywords.values()):
            if value.kind != "handle":
                base.put(fault(reason, value) if reason else value)
        if base.cell is not None and any(loop.kind == "records" for loop in self.loops[base.depth :]):
            base.cell.aggregate = True
        return base if name == "setdefault" else data(STATIC)

    def member(self, member: Member, expr: cst.Call) -> Value:
        base, name = member.base, member.name
        if isinstance(base, Instance):
            qualified = base.root.qualified
            if qualified.startswith(library.HARMLESS_PREFIXES):
                self.arguments(expr)
                return data(STATIC)
            if qualified in library.HTTP_SESSIONS:
                return self._http(name, expr)
            if qualified in library.SERIALIZERS:
                return joined([v for v in self.arguments(expr).all() if v.kind != "handle"], ("dynamodb",))
            if qualified.startswith("aws_lambda_powertools.utilities.parameters"):
                return self._config_read(expr)
            if name in ("hex",) or qualified in library.GENERATORS:
                return data(GENERATED)
            if qualified.startswith(("datetime.", "uuid.", "time.")):
                return data(GENERATED)
            raise self.stop(f"unknown: {qualified}().{name}", expr)
        if isinstance(base, Sdk):
            return self._sdk_member(base, name, expr)
        raise self.stop(f"unknown: method {name}", expr)

    def _sdk_member(self, base: Sdk, name: str, expr: cst.Call) -> Value:
        if base.kind == "batch_writer" and name in ("put_item", "delete_item"):
            arguments = self.arguments(expr).by_name(("Item" if name == "put_item" else "Key",))
            if self.error_depth:
                raise self.stop("call in error handling", expr)
            if self.branches:
                raise self.stop(self.branches[-1], expr)
            self.check_decided(expr)
            call = next(iter(self._writers.values())) if len(self._writers) == 1 else None
            if call is None:
                raise self.stop("unknown: batch writer", expr)
            self.add_sink(expr, "aws", call, arguments)
            return data(STATIC)
        raise self.stop(f"unknown: {base.service} {base.kind}.{name}", expr)

    def instance_call(self, instance: Instance, expr: cst.Call) -> Value:
        if "Processor" in instance.qualified and "batch" in instance.qualified:
            arguments = self.arguments(expr).by_name(("records", "handler"))
            return self._handle_records(arguments.get("records"), arguments.get("handler"), expr)
        raise self.stop(f"unknown: {instance.qualified}()", expr)


def _opened(text: Value) -> Value:
    """What JSON text holds. Text within such text is JSON within JSON."""
    nested = any(OPENED in path for path in text.own.paths)
    return text.derive(path=(OPENED,), steps=("json", "nested") if nested else ("json",))


def _key(expr: cst.Call) -> str:
    if expr.args and isinstance(expr.args[0].value, cst.SimpleString):
        known = string_value(expr.args[0].value)
        return known if isinstance(known, str) else ""
    return ""


_ENCODER_OPTIONS = frozenset(
    {
        "cls",
        "default",
        "ensure_ascii",
        "indent",
        "parse_float",
        "parse_int",
        "separators",
        "sort_keys",
        "encoding",
        "errors",
    }
)
_GROWING = frozenset({"add", "append", "appendleft", "extend", "insert", "setdefault", "update", "write"})

_PARAMETERS = "aws_lambda_powertools.utilities.parameters"
_SPECIAL = {
    "aws_lambda_powertools.utilities.batch.process_partial_response": Libraries._batch_response,
    "os.environ.get": Libraries._environment,
    "os.getenv": Libraries._environment,
    "time.sleep": Libraries._sleep,
    "urllib.request.Request": Libraries._request,
    "urllib.request.urlopen": Libraries._urlopen,
    f"{_PARAMETERS}.get_app_config": Libraries._config_read,
    f"{_PARAMETERS}.get_parameter": Libraries._config_read,
    f"{_PARAMETERS}.get_parameters": Libraries._config_read,
    f"{_PARAMETERS}.get_secret": Libraries._config_read,
}
