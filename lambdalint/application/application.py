"""What is analysed: applications, each a template with the code that it deploys, and loose modules.

A Project knows the files of a root and makes its applications when they are asked for. Nothing is computed
before somebody asks, and everything once: a template is decoded with its application, a module is parsed when
something reaches it. What no application holds any more is forgotten, so that memory does not grow with the
project.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

from lambdalint.application.link import (
    FUNCTION_NOT_FOUND,
    UNREADABLE,
    Bundle,
    Linked,
    Unlinked,
    layer_folders,
    link,
)
from lambdalint.application.modules import ImportPath, Modules, ParseFailure, parse_inline
from lambdalint.application.overview import Overview
from lambdalint.application.stacks import Stacks
from lambdalint.application.units import Loose, loose_groups, may_be_loose, template_groups
from lambdalint.finding import FunctionId, Label, Role
from lambdalint.ledger import Ledger
from lambdalint.rule import OptionValue, Rule, RuleMeta, Settings
from lambdalint.source import EmbeddedSource, SourceError, SourceFile

if TYPE_CHECKING:
    import libcst as cst

    from lambdalint.application.manifests import Manifests
    from lambdalint.application.modes import Invocation
    from lambdalint.application.targets import Resolved
    from lambdalint.discovery import Files
    from lambdalint.python.calls import AwsCall, AwsCalls
    from lambdalint.python.clients import SdkObject
    from lambdalint.python.connections import Connection, Opened
    from lambdalint.python.effects import Effects
    from lambdalint.python.environment import Environment
    from lambdalint.python.evaluate import Evaluator
    from lambdalint.python.failures import Swallow
    from lambdalint.python.initial import Kept
    from lambdalint.python.kinds import Kinds
    from lambdalint.python.lifetimes import Lifetimes, Made
    from lambdalint.python.module import PythonModule
    from lambdalint.python.paths import Paths
    from lambdalint.python.program import Program
    from lambdalint.python.reach import Phase, Reach
    from lambdalint.python.results import Results
    from lambdalint.python.returns import Reply
    from lambdalint.python.secret_reads import SecretRead
    from lambdalint.python.snapshots import Frozen
    from lambdalint.python.waiting import Waiting
    from lambdalint.python.wrapping import Entry
    from lambdalint.template.function import LambdaFunction
    from lambdalint.template.template import Template
    from lambdalint.template.triggers import Trigger

__all__ = [
    "Application",
    "ApplicationModule",
    "Bundle",
    "Handler",
    "Linked",
    "ParseFailure",
    "Project",
    "Unit",
    "Unlinked",
]

_HANDLER_LINE = re.compile(r"^\s*def\s+\w+\s*\(\s*_?event\w*\b[^)]*,[^)]*\)", re.MULTILINE)


@dataclass(eq=False)
class Handler:
    """A handler and what it reaches. Functions that name the same code in the same bundle share one.

    `functions` is empty where the handler was found by its shape. `module` defines it; `imported` is the one
    that Lambda imports, mostly the same. `node` is the FunctionDef or Lambda, or the statement that binds the
    name where no function can be told (`handler = Mangum(app)`).
    """

    application: Application
    functions: tuple[LambdaFunction, ...]
    module: PythonModule
    node: cst.CSTNode
    attribute: str
    bundle: Bundle
    imports: ImportPath = field(repr=False)
    imported: PythonModule = field(repr=False)

    @cached_property
    def ids(self) -> tuple[FunctionId, ...]:
        """The function resources that run this handler."""
        return tuple(function.id for function in self.functions)

    @property
    def name(self) -> str:
        """What to call it in a message: the logical id of the first function, else the Python name."""
        return self.functions[0].logical_id if self.functions else self.attribute

    @property
    def program(self) -> Program:
        """The modules of the bundle."""
        return self.imports.program

    @cached_property
    def event(self) -> str | None:
        """The name of the parameter that receives the event; None where there is none."""
        return self._parameters[0]

    @cached_property
    def context(self) -> str | None:
        """The name of the parameter that receives the context; None where there is none."""
        return self._parameters[1]

    @cached_property
    def reach(self) -> Reach:
        """What runs when Lambda runs the handler."""
        return self.imports.reach(self.module, self.node, self.imported)

    @cached_property
    def entry(self) -> Entry:
        """What stands between Lambda and the function: decorators and wrappers, and what they leave as it is
        (law 7)."""
        from lambdalint.python.wrapping import entry

        return entry(self.evaluator, self.imported, self.attribute, self.module, self.node)

    @cached_property
    def evaluator(self) -> Evaluator:
        """What expressions within reach come to."""
        from lambdalint.python.evaluate import Evaluator

        return Evaluator(self.program, self.reach)

    @cached_property
    def kinds(self) -> Kinds:
        """What kinds of values expressions within reach come to."""
        from lambdalint.python.kinds import Kinds

        return Kinds(self.evaluator)

    @cached_property
    def replies(self) -> tuple[Reply, ...]:
        """What the function can return to Lambda; () where something on the way may change it (law 7), or
        where it only looks like a handler and other code calls it."""
        from lambdalint.python.returns import replies

        if not self.entry.kept.reply or not (self.functions or self._is_uncalled()):
            return ()
        return replies(self.kinds, self.module, self.node)

    @property
    def is_python_2(self) -> bool:
        """Whether the template has Python 2 run it, where `map` makes a list and text is bytes."""
        return any((function.runtime or "").startswith("python2") for function in self.functions)

    def _is_uncalled(self) -> bool:
        """Whether nothing in its module reads the name of a handler that was found by its shape."""
        bindings = self.module.names.module_scope.bindings.get(self.attribute, [])
        return not any(binding.reads for binding in bindings)

    @cached_property
    def calls(self) -> AwsCalls:
        """The AWS calls within reach, and those that look like one and could not be resolved."""
        from lambdalint.python.calls import aws_calls

        return aws_calls(self.evaluator, self.reach)

    @cached_property
    def lifetimes(self) -> Lifetimes:
        """When calls within reach run, and how long what they make stays."""
        from lambdalint.python.lifetimes import Lifetimes

        return Lifetimes(self.evaluator, self.reach)

    @cached_property
    def paths(self) -> Paths:
        """Which code every invocation comes to, and which only those that take one side of a branch."""
        from lambdalint.python.paths import Paths

        return Paths(self.evaluator, self.reach)

    @cached_property
    def sdk_objects(self) -> tuple[SdkObject, ...]:
        """The SDK sessions, clients and resources made within reach, with the function's own credentials."""
        from lambdalint.python.clients import sdk_objects

        return sdk_objects(self.evaluator, self.reach, self.lifetimes)

    @cached_property
    def kept(self) -> Sequence[Kept]:
        """The clients, connections, models and large data that init makes and keeps, with all their reads."""
        from lambdalint.python.initial import kept

        return kept(self.evaluator, self.reach)

    @cached_property
    def secret_reads(self) -> tuple[SecretRead, ...]:
        """The reads of secrets and configuration from a store within reach."""
        from lambdalint.python.secret_reads import secret_reads

        return secret_reads(self.evaluator, self.reach, self.calls, self.lifetimes)

    def reads_of_secrets(self, rule: Rule | RuleMeta) -> tuple[SecretRead, ...]:
        """The same, with what the rule's option `reads` adds."""
        from lambdalint.python.secret_reads import secret_reads

        more = self.application.options(rule)["reads"]
        if not more or not isinstance(more, list):
            return self.secret_reads
        return secret_reads(self.evaluator, self.reach, self.calls, self.lifetimes, more)

    @cached_property
    def frozen(self) -> tuple[Frozen, ...]:
        """What init makes and invocations read, though it should not come out of a snapshot (SnapStart)."""
        from lambdalint.python.snapshots import frozen

        return tuple(frozen(self.evaluator, self.reach, self.calls, self.lifetimes.state))

    @cached_property
    def seldom(self) -> bool:
        """Whether all that invokes it is a schedule rarer than 15 minutes, or a deployment (law 10)."""
        from lambdalint.application.rate import seldom

        return seldom(self)

    @cached_property
    def results(self) -> Results:
        """What becomes of what calls within reach return."""
        from lambdalint.python.results import Results

        return Results(self.evaluator, self.reach)

    @cached_property
    def connections(self) -> tuple[Connection, ...]:
        """The connections that outlive an invocation, and what guards them."""
        from lambdalint.python.connections import connections

        return connections(self.evaluator, self.reach, self.lifetimes)

    def kept_connections(self, rule: Rule | RuleMeta) -> tuple[Connection, ...]:
        """The same, with what the rule's option `factories` adds."""
        from lambdalint.python.connections import connections

        more = self.application.options(rule)["factories"]
        if not more or not isinstance(more, list):
            return self.connections
        return connections(self.evaluator, self.reach, self.lifetimes, more)

    def connections_anew(self, rule: Rule | RuleMeta) -> tuple[Opened, ...]:
        """The connections to databases that each invocation opens anew, with what the rule's option
        `factories` adds."""
        from lambdalint.python.connections import opened_anew

        more = self.application.options(rule)["factories"]
        extra = more if isinstance(more, list) else ()
        return opened_anew(self.evaluator, self.reach, self.lifetimes, extra)

    @cached_property
    def environment(self) -> Environment:
        """The environment variables that code within reach reads and sets."""
        from lambdalint.python.environment import environment

        return environment(self.evaluator, self.reach)

    @cached_property
    def waiting(self) -> Waiting:
        """What the invoke path waits for, and what it tries again."""
        from lambdalint.python.waiting import waiting

        return waiting(self.evaluator, self.reach, lambda: self.calls)

    @cached_property
    def effects(self) -> Effects:
        """What the calls within reach do."""
        from lambdalint.python.effects import Effects

        return Effects(self.evaluator, self.calls)

    @cached_property
    def swallows(self) -> tuple[Swallow, ...]:
        """The clauses that turn a failed invocation into one that succeeds, the outermost first."""
        from lambdalint.python.failures import swallows

        return swallows(self)

    @cached_property
    def triggers(self) -> tuple[Trigger, ...]:
        """The triggers that the template gives to any of the functions."""
        return tuple(trigger for function in self.functions for trigger in function.triggers)

    @property
    def opaque(self) -> tuple[str, ...]:
        """Why what is missing from the bundle is unknown rather than absent (law 9); empty where all of it is
        in sight."""
        return self.bundle.opaque

    def label(self, message: str, role: Role = Role.PRIMARY, function: FunctionId | None = None) -> Label:
        """At the name in the handler's `def` (at the whole statement where it is bound otherwise)."""
        from libcst import ClassDef, FunctionDef

        place = self.node.name if isinstance(self.node, (FunctionDef, ClassDef)) else self.node
        return self.module.label(place, message, role, function)

    def way(self, made: Made) -> tuple[Label, ...]:
        """Where the handler's way to a call begins, as a proof that it runs; none where it is the call."""
        if not made.way:
            return ()
        place = made.way[-1]
        tied = self.ids[0] if len(self.ids) == 1 else None
        return (place.module.label(place.node, "the handler comes there by this call", Role.RELATED, tied),)

    def target(self, call: AwsCall, function: LambdaFunction | None = None) -> Resolved:
        """What the call acts on, seen from one of the functions (the first where none is given)."""
        from lambdalint.application.targets import resolve

        if function is None and self.functions:
            function = self.functions[0]
        return resolve(call.target, function, self.bundle, call.service)

    def named_by(self, message: str) -> Iterator[Label]:
        """Where the template names the handler, a related label for each function."""
        for function in self.functions:
            for written in function.property("Handler")[:1]:
                yield function.label(message, Role.RELATED, written.path, tied=True)

    @cached_property
    def _parameters(self) -> tuple[str | None, str | None]:
        from lambdalint.python.handlers import parameters

        return parameters(self.program, self.module, self.node)


@dataclass(eq=False)
class ApplicationModule:
    """A module as one application sees it. `handlers` are those whose reach holds it."""

    application: Application
    module: PythonModule
    handlers: tuple[Handler, ...]

    @property
    def source(self) -> SourceFile:
        """The file; for inline code, the template."""
        return self.module.file

    @property
    def reached(self) -> bool:
        """Whether some handler's reach holds the module."""
        return bool(self.handlers)

    @property
    def program(self) -> Program:
        """The modules that this one can import, as its first handler sees them."""
        return self.handlers[0].program

    @cached_property
    def functions(self) -> tuple[FunctionId, ...]:
        """The function resources whose handlers reach the module."""
        return tuple(dict.fromkeys(each for handler in self.handlers for each in handler.ids))

    @cached_property
    def packaged_in(self) -> frozenset[PurePosixPath]:
        """The folders that hold the file and are deployed as one: CodeUris, and layers."""
        around = frozenset(self.source.path.parents)
        found: set[PurePosixPath] = set()
        for bundle in {handler.bundle for handler in self.handlers}:
            if bundle.root is not None:
                folders = (bundle.root, *bundle.folders)
                found.update([folder for folder in folders if folder in around][:1])
        return frozenset(found)

    def runs(self, node: cst.CSTNode) -> bool:
        """Whether the node runs in Lambda (law 3)."""
        return any(handler.reach.phase(self.module, node) is not None for handler in self.handlers)

    def phases(self, node: cst.CSTNode) -> frozenset[Phase]:
        """The phases in which the node runs, over all handlers."""
        empty: frozenset[Phase] = frozenset()
        return empty.union(*(handler.reach.phases(self.module, node) for handler in self.handlers))

    def label(
        self,
        node: cst.CSTNode,
        message: str,
        role: Role = Role.PRIMARY,
        function: FunctionId | None = None,
    ) -> Label:
        """At a node of the module."""
        return self.module.label(node, message, role, function)


@dataclass(eq=False)
class Application:
    """A template with the code that it deploys; or, with `template` None, the loose handlers of a folder.

    `path` is the template's, or the folder of the loose modules. `copy` says that the template was packaged
    from another beside it: every rule is silent on it (law 10).
    """

    project: Project = field(repr=False)
    path: PurePosixPath
    template: Template | None
    settings: Settings = field(repr=False)
    copy: bool = False
    _loose: tuple[PurePosixPath, ...] = ()
    ledger: Ledger = field(default_factory=Ledger, repr=False)

    def reached(self, date: str) -> bool:
        """Whether a day, as an ISO text, has come. Rules ask this rather than what day it is: the result then
        holds until it changes."""
        found = date <= self.settings.today
        self.files.records.note("reached", date, found)
        return found

    @property
    def root(self) -> Path:
        """The project root."""
        return self.project.root

    @property
    def files(self) -> Files:
        """The files of the project."""
        return self.project.files

    @property
    def functions(self) -> tuple[LambdaFunction, ...]:
        """The function resources of the template, of every runtime."""
        return self.template.functions if self.template is not None else ()

    @cached_property
    def links(self) -> Mapping[str, Linked | Unlinked]:
        """For each function's logical id: its code, or why there is none to read."""
        found: dict[str, Linked | Unlinked] = {}
        for function in self.functions:
            linked = self._files_links[function.logical_id]
            handler = self._by_function.get(function.logical_id)
            if isinstance(linked, Linked) and handler is None:
                reason = UNREADABLE if linked.path in self._failed else FUNCTION_NOT_FOUND
                linked = Unlinked(reason, f"{linked.path}:{linked.attribute}", linked.bundle)
            found[function.logical_id] = linked
        return found

    @cached_property
    def handlers(self) -> tuple[Handler, ...]:
        """Each handler once: in the order of the functions, or of the loose modules."""
        if self.template is None:
            return tuple(self._loose_handlers())
        unique = {id(handler): handler for handler in self._by_function.values()}
        return tuple(unique.values())

    @cached_property
    def modules(self) -> tuple[ApplicationModule, ...]:
        """Every module that some handler reaches, by path. (Those under a CodeUri that none reaches are
        nobody's concern and are not parsed; `bundle_files` lists them.)"""
        reaching: dict[int, list[Handler]] = {}
        modules: dict[int, PythonModule] = {}
        for handler in self.handlers:
            for module in handler.reach.modules:
                modules[id(module)] = module
                reaching.setdefault(id(module), []).append(handler)
        ordered = sorted(modules, key=lambda key: _place(modules[key]))
        return tuple(ApplicationModule(self, modules[key], tuple(reaching[key])) for key in ordered)

    def module(self, module: PythonModule) -> ApplicationModule | None:
        """The application's view of a module; None for one that no handler reaches."""
        return self._modules_by_id.get(id(module))

    @cached_property
    def failures(self) -> tuple[ParseFailure, ...]:
        """The Python that cannot be read or parsed, by path: of what handlers are or reach, and of what the
        user named. A broken script beside the handler is nobody's concern."""
        for handler in self.handlers:
            _ = handler.reach  # imports are followed here, and fail here
        for folder in self.folders:
            for path in self.files.given_python_in(folder):
                if self.project.modules.get(path) is None:
                    self._failed[path] = self.project.modules.failures[path]
        for imports in self._imports:
            # Whoever else imports along the same path may have come upon a failure first.
            for user in imports.users if imports.failures else ():
                self.ledger.include(user)
        found = [failure for imports in self._imports for failure in imports.failures.values()]
        unique = {
            (failure.path, failure.problem.line): failure for failure in (*self._failed.values(), *found)
        }
        return tuple(unique[key] for key in sorted(unique))

    @cached_property
    def folders(self) -> tuple[PurePosixPath, ...]:
        """The folders whose Python belongs to the application: CodeUris, layers and their like."""
        found: dict[PurePosixPath, None] = {}
        for linked in self._files_links.values():
            if linked.bundle is not None:
                found.update((folder, None) for folder in linked.bundle.folders)
        if self.template is not None:
            found.update((folder, None) for folder in layer_folders(self.template, self.files))
        return tuple(found)

    @cached_property
    def bundle_files(self) -> tuple[PurePosixPath, ...]:
        """All Python files that are deployed, reached or not."""
        return tuple(self.files.python_in_any(self.folders))

    @cached_property
    def manifests(self) -> Manifests:
        """The lists of requirements that are packaged with its functions."""
        from lambdalint.application.manifests import Manifests

        return Manifests(self)

    @cached_property
    def invokes(self) -> Mapping[str, tuple[Invocation, ...]]:
        """The calls of the application's own code that invoke its functions, by logical id; see `modes`."""
        from lambdalint.application.modes import invokes

        return invokes(self)

    def handler(self, function: LambdaFunction) -> Handler | None:
        """The handler of a function; None where it is not linked."""
        return self._by_function.get(function.logical_id)

    def located(self, function: LambdaFunction) -> Linked | Unlinked:
        """Where the function's file is, by the files alone: Linked although the name may not be in it."""
        return self._files_links[function.logical_id]

    def unlinked(self, function: LambdaFunction) -> Unlinked | None:
        """Why the function has no handler; None where it has one."""
        linked = self.links[function.logical_id]
        return linked if isinstance(linked, Unlinked) else None

    def options(self, rule: Rule | RuleMeta) -> Mapping[str, OptionValue]:
        """The rule's options in this application."""
        return self.settings.options(rule)

    # -- linking --------------------------------------------------------------------------------------------

    @cached_property
    def _files_links(self) -> Mapping[str, Linked | Unlinked]:
        return {function.logical_id: link(function, self.files) for function in self.functions}

    @cached_property
    def _by_function(self) -> Mapping[str, Handler]:
        """The handlers by logical id; functions that run the same code in the same bundle share one."""
        shared: dict[object, Handler] = {}
        found: dict[str, Handler] = {}
        for function in self.functions:
            linked = self._files_links[function.logical_id]
            if not isinstance(linked, Linked):
                continue
            key: object = function.logical_id
            if linked.embedded is None:
                key = (linked.bundle, linked.path, linked.attribute)
            handler = shared.get(key) or self._handler(linked)
            if handler is not None:
                handler.functions = (*handler.functions, function)
                shared[key] = found[function.logical_id] = handler
        return found

    def _handler(self, linked: Linked) -> Handler | None:
        from lambdalint.python.handlers import handler_node

        module: PythonModule
        if linked.embedded is not None:
            inline = parse_inline(linked.embedded)
            if isinstance(inline, ParseFailure):
                self._failed[linked.path] = inline
                return None
            module = inline
            imports = ImportPath(self.project.modules, linked.bundle.search_path, inline)
        else:
            parsed = self.project.modules.get(linked.path)
            if parsed is None:
                self._failed[linked.path] = self.project.modules.failures[linked.path]
                return None
            module = parsed
            imports = self.project.imports(linked.bundle.search_path)
        self._use(imports)
        found = handler_node(imports.program, module, linked.attribute)
        if found is None:
            return None
        return Handler(self, (), *found, linked.attribute, linked.bundle, imports, module)

    def _loose_handlers(self) -> Iterator[Handler]:
        folders = tuple(dict.fromkeys((self.path, *self.path.parents)))
        bundle = Bundle(None, folders, opaque=("no template",))
        imports = self.project.imports(folders, loose=True)
        self._use(imports)
        for path in self._loose:
            module = self.project.modules.get(path)
            if module is None:
                failure = self.project.modules.failures[path]
                text = failure.source.text if failure.source is not None else ""
                if not text or _HANDLER_LINE.search(text) or self.files.is_given_python(path):
                    self._failed[path] = failure
            elif may_be_loose(path):
                yield from self._by_shape(module, bundle, imports)

    def _use(self, imports: ImportPath) -> None:
        self._imports.append(imports)
        self.ledger.include(imports.ledger)
        if not any(user is self.ledger for user in imports.users):
            imports.users.append(self.ledger)

    def _by_shape(self, module: PythonModule, bundle: Bundle, imports: ImportPath) -> Iterator[Handler]:
        from lambdalint.python.handlers import find_handlers_by_shape

        for node in find_handlers_by_shape(module):
            name = getattr(getattr(node, "name", None), "value", module.source.path.stem)
            yield Handler(self, (), module, node, name, bundle, imports, module)

    @cached_property
    def _modules_by_id(self) -> Mapping[int, ApplicationModule]:
        return {id(each.module): each for each in self.modules}

    @cached_property
    def _failed(self) -> dict[PurePosixPath, ParseFailure]:
        return {}

    @cached_property
    def _imports(self) -> list[ImportPath]:
        return []


@dataclass(frozen=True, eq=False)
class Unit:
    """Neighbouring applications, which mostly share modules: what one worker takes.

    Made of paths alone, so that it costs nothing; `applications` makes the applications. `loose` are handlers
    that no template deploys, by folder.
    """

    project: Project = field(repr=False)
    templates: tuple[PurePosixPath, ...] = ()
    loose: tuple[Loose, ...] = ()

    @property
    def applications(self) -> tuple[Application, ...]:
        """The applications; made anew where nobody holds them any more."""
        return tuple(self)

    def __iter__(self) -> Iterator[Application]:
        """One application after the other: only the one at hand need be in memory."""
        for path in self.templates:
            application = self.project.application(path)
            if application is not None:
                yield application
        for folder, paths in self.loose:
            application = self.project.loose_application(folder, paths)
            if application.handlers or application.failures:
                yield application


class Project:
    """The applications under a root."""

    def __init__(self, files: Files, settings_of: Callable[[PurePosixPath], Settings]) -> None:
        self.files = files
        self.modules = Modules(files)
        self.failures: dict[PurePosixPath, SourceError] = {}
        self.overview = Overview(files)
        self._given_settings_of = settings_of
        self._applications: WeakValueDictionary[PurePosixPath, Application] = WeakValueDictionary()
        self._imports: WeakValueDictionary[object, ImportPath] = WeakValueDictionary()
        self._stacks = Stacks(files, self.overview, self._settings_of)

    @classmethod
    def build(cls, root: Path, files: Files, settings_of: Callable[[PurePosixPath], Settings]) -> Project:
        """The project of what was discovered under a root. `settings_of` gives the settings for a template's
        path or the folder of loose modules. Nothing is read before it is asked for."""
        assert root == files.root
        return cls(files, settings_of)

    @property
    def root(self) -> Path:
        """The folder that bounds everything."""
        return self.files.root

    @cached_property
    def applications(self) -> tuple[Application, ...]:
        """All applications at once: those of templates by path, then those of loose modules."""
        found = [application for unit in self.template_units for application in unit]
        owned = [folder for application in found for folder in application.folders]
        found += [application for unit in self.loose_units(owned) for application in unit]
        return tuple(found)

    @property
    def units(self) -> Sequence[Unit]:
        """All units. Which modules are loose shows only once every template is decoded, so this decodes them;
        `template_units` does not."""
        owned = [folder for unit in self.template_units for each in unit for folder in each.folders]
        return (*self.template_units, *self.loose_units(owned))

    @cached_property
    def template_units(self) -> Sequence[Unit]:
        """The templates, those in one another's folders together."""
        return tuple(Unit(self, paths) for paths in template_groups(self.files))

    def loose_units(self, owned: Iterable[PurePosixPath]) -> Sequence[Unit]:
        """What lies in none of the folders that applications own and may hold a handler, folder by folder;
        and whatever the user named there, lest it does not parse.

        Give it the `folders` of all applications of templates.
        """
        return tuple(Unit(self, loose=group) for group in loose_groups(self.files, owned))

    def application(self, path: PurePosixPath) -> Application | None:
        """The application of a template; None where the file cannot be read, see `failures`."""
        found = self._applications.get(path)
        if found is None:
            with self.files.records.into(Ledger()) as ledger:
                found = self._make(path, ledger)
            self.files.records.include(ledger)
            if found is None:
                return None
            self._applications[path] = found
        self.files.records.include(found.ledger)
        return found

    def _make(self, path: PurePosixPath, ledger: Ledger) -> Application | None:
        settings = self._settings_of(path)
        try:
            template = self._stacks.load(path)
        except SourceError as error:
            self.failures[path] = error
            return None
        return Application(self, path, template, settings, self._stacks.is_copy(template), ledger=ledger)

    def loose_application(self, folder: PurePosixPath, paths: tuple[PurePosixPath, ...]) -> Application:
        """The application of loose modules in a folder."""
        found = self._applications.get(folder)
        if found is None:
            with self.files.records.into(Ledger()) as ledger:
                settings = self._settings_of(folder)
            found = Application(self, folder, None, settings, _loose=paths, ledger=ledger)
            self._applications[folder] = found
        self.files.records.include(found.ledger)
        return found

    def imports(self, search_path: Sequence[PurePosixPath], loose: bool = False) -> ImportPath:
        """The import path of a bundle; bundles with the same folders share it."""
        key = (tuple(search_path), loose)
        found = self._imports.get(key)
        if found is None:
            found = self._imports[key] = ImportPath(self.modules, search_path, loose=loose)
        return found

    def _settings_of(self, path: PurePosixPath) -> Settings:
        settings = self._given_settings_of(path)
        self.files.records.note("settings", path, settings)
        return settings


def _place(module: PythonModule) -> tuple[str, int]:
    source = module.source
    return str(source.path), source.fallback.start if isinstance(source, EmbeddedSource) else 0
