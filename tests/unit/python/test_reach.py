"""What runs at init and on invocations."""

from __future__ import annotations

import libcst as cst
import pytest

from lambdalint.python.handlers import handler_node
from lambdalint.python.reach import CallGraph, Phase, Reach

from .helpers import Project, function


def reach(files: dict[str, str] | str, attribute: str = "handler") -> tuple[Project, Reach]:
    project = Project({"app.py": files} if isinstance(files, str) else files)
    found = handler_node(project.program, project["app"], attribute)
    assert found is not None
    return project, CallGraph(project.program).reach(*found, via=project["app"])


def phases(files: dict[str, str] | str, attribute: str = "handler") -> dict[str, str]:
    """The functions that run, each with "init", "invoke" or "init invoke"."""
    _, found = reach(files, attribute)
    return {
        node.name.value: " ".join(sorted(phase.value for phase in when))
        for _, node, when in found.functions()
    }


HANDLER = "def handler(event, context):\n    "


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (HANDLER + "f()\ndef f(): g()\ndef g(): pass\ndef h(): pass", {"f": "invoke", "g": "invoke"}),
        (HANDLER + "return map(f, event)\ndef f(x): pass", {"f": "invoke"}),
        (HANDLER + "return {'a': f}[event]()\ndef f(): pass", {"f": "invoke"}),
        ("def f(): pass\nTABLE = {'a': f}\n" + HANDLER + "TABLE[event]()", {"f": "invoke"}),
        ("def f(): pass\nx = f()\n" + HANDLER + "return x", {"f": "init"}),
        ("def f(): pass\nx = f()\n" + HANDLER + "return f()", {"f": "init invoke"}),
        ("def f(): pass\nx = list(map(f, y))\n" + HANDLER + "pass", {"f": "init"}),
        (
            "from functools import partial\ndef f(): pass\ng = partial(f, 1)\n" + HANDLER + "g()",
            {"f": "invoke"},
        ),
        (
            "def f(): g()\ndef g(): pass\nclass C:\n    x = f()\n" + HANDLER + "pass",
            {"f": "init", "g": "init"},
        ),
        ("def f(): pass\ndef h(a=f()): pass\n" + HANDLER + "pass", {"f": "init"}),
        ("def f(): pass\ndef h(a=f): pass\n" + HANDLER + "pass", {"f": "invoke"}),
        ("def f(): pass\nx = lambda: f()\n" + HANDLER + "x()", {"f": "invoke"}),
        ("def f(): pass\nx = [f() for _ in y]\n" + HANDLER + "pass", {"f": "init"}),
        ("def f(): pass\nif __name__ == '__main__':\n    f()\n" + HANDLER + "pass", {}),
        ("def f(): pass\nif TYPE_CHECKING:\n    f()\n" + HANDLER + "pass", {}),
        (
            HANDLER + "def f(): pass\n    def g(): pass\n    return f",
            {"f": "invoke"},
        ),
        (
            "def deco(g):\n    def wrapper(e, c):\n        return log(g(e, c))\n    return wrapper\n"
            "def log(x): pass\n@deco\n" + HANDLER + "pass",
            {"deco": "init", "wrapper": "invoke", "log": "invoke"},
        ),
        (HANDLER + "globals()[event]()\ndef f(): pass", {"f": "invoke"}),
        ("def f(): pass\ng = f\nx = g()\n" + HANDLER + "pass", {"f": "init invoke"}),
        (HANDLER + "handler(event, context)", {}),
        (HANDLER + "x: f = 1\ndef f(): pass", {}),
    ],
)
def test_functions(text: str, expected: dict[str, str]) -> None:
    found = phases(text)
    assert found.pop("handler") == "invoke"
    assert found == expected


CLASS = """
class Base:
    def inherited(self): pass
class Service(Base):
    def __init__(self): self.client = make()
    def __enter__(self): pass
    def act(self): return self.prop
    @property
    def prop(self): pass
    @classmethod
    def create(cls): return cls()
    @hook
    def hooked(self): pass
    def never(self): pass
def make(): pass
"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "s = Service()\n" + HANDLER + "s.act()",
            {"__init__": "init", "make": "init", "act": "invoke", "prop": "invoke"},
        ),
        (
            HANDLER + "Service().act()",
            {"__init__": "invoke", "make": "invoke", "act": "invoke", "prop": "invoke"},
        ),
        (
            "s = Service()\ns.act()\n" + HANDLER + "pass",
            {"__init__": "init", "make": "init", "act": "init", "prop": "init"},
        ),
        ("s = Service.create()\n" + HANDLER + "pass", {"create": "init", "__init__": "init", "make": "init"}),
        (
            "s = Service()\n" + HANDLER + "s.inherited()",
            {"__init__": "init", "make": "init", "inherited": "invoke"},
        ),
        (HANDLER + "isinstance(event, Service)", {}),
        (HANDLER + "x: Service = 1", {}),
        ("def use(s: Service): pass\n" + HANDLER + "use(event)", {"use": "invoke"}),
        (HANDLER + "return make", {"make": "invoke"}),
    ],
)
def test_classes(text: str, expected: dict[str, str]) -> None:
    found = phases(CLASS + text)
    found.pop("handler")
    if "Service" in text:
        # Python and decorators that nobody knows may call these.
        assert found.pop("__enter__") == "invoke"
        assert found.pop("hooked") == "invoke"
    assert found == expected


def test_a_class_of_a_foreign_base_may_be_called_by_it() -> None:
    found = phases(
        "import threading\nclass T(threading.Thread):\n    def run(self): f()\ndef f(): pass\n"
        "class E(Exception):\n    def quiet(self): pass\n" + HANDLER + "T().start()\n    raise E"
    )
    assert found == {"handler": "invoke", "run": "invoke", "f": "invoke"}


FRAMEWORKS = {
    "flask": (
        """
        import awsgi
        from flask import Flask
        app = Flask(__name__)
        other = Flask("other")
        @app.route("/")
        def index(): return helper()
        @other.route("/")
        def elsewhere(): pass
        def helper(): pass
        def handler(event, context):
            return awsgi.response(app, event, context)
        """,
        {"handler", "index", "helper"},
    ),
    "fastapi": (
        """
        from fastapi import Depends, FastAPI
        from mangum import Mangum
        app = FastAPI()
        def user(): pass
        @app.get("/")
        def index(who=Depends(user)): pass
        @app.middleware("http")
        def middle(request, call_next): pass
        def unused(): pass
        handler = Mangum(app)
        """,
        {"index", "user", "middle"},
    ),
    "powertools": (
        """
        from aws_lambda_powertools import Logger, Tracer
        from aws_lambda_powertools.event_handler import APIGatewayRestResolver
        logger, tracer = Logger(), Tracer()
        tracer = Tracer()
        app = APIGatewayRestResolver()
        @app.get("/x")
        @tracer.capture_method
        def x(): pass
        @app.exception_handler(ValueError)
        def failed(error): pass
        @tracer.capture_method
        def unused(): pass
        @logger.inject_lambda_context
        @tracer.capture_lambda_handler
        def handler(event, context):
            logger.info(tracer)
            return app.resolve(event, context)
        """,
        {"handler", "x", "failed"},
    ),
    "crhelper": (
        """
        from crhelper import CfnResource
        helper = CfnResource()
        @helper.create
        @helper.update
        def create(event, context): go()
        def go(): pass
        def handler(event, context):
            helper(event, context)
        """,
        {"handler", "create", "go"},
    ),
    "own registry": (
        """
        ROUTES = {}
        def route(path):
            def keep(f):
                ROUTES[path] = f
                return f
            return keep
        @route("/")
        def index(): pass
        def handler(event, context):
            return ROUTES[event["path"]]()
        """,
        {"handler", "route", "keep", "index"},
    ),
    "factory": (
        """
        from flask import Flask
        import awsgi
        def create():
            app = Flask(__name__)
            @app.route("/")
            def index(): pass
            return app
        app = create()
        def handler(event, context):
            return awsgi.response(app, event, context)
        """,
        {"handler", "create", "index"},
    ),
    "attribute is the handler": (
        """
        from chalice import Chalice
        app = Chalice(app_name="x")
        @app.route("/")
        def index(): pass
        handler = app
        """,
        {"index"},
    ),
}


@pytest.mark.parametrize("case", FRAMEWORKS)
def test_what_decorators_register(case: str) -> None:
    text, expected = FRAMEWORKS[case]
    assert set(phases(text)) == expected


def test_routers_of_other_modules() -> None:
    found = phases(
        {
            "app.py": """
                from fastapi import FastAPI
                from mangum import Mangum
                from users import router
                import items
                app = FastAPI()
                app.include_router(router)
                app.include_router(items.router, prefix="/items")
                handler = Mangum(app)
                """,
            "users.py": "router = APIRouter()\n@router.get('/')\ndef users(): pass\ndef no(): pass\n",
            "items.py": "router = APIRouter()\n@router.get('/')\ndef items(): pass\n",
            "orders.py": "router = APIRouter()\n@router.get('/')\ndef orders(): pass\n",
        }
    )
    assert found == {"users": "invoke", "items": "invoke"}


def test_what_an_imported_module_registers_is_not_called_by_importing_it() -> None:
    found = phases(
        {
            "app.py": "def handler(event, context):\n    from commands import work\n    work()\n",
            "commands.py": "cli = Typer()\n@cli.command('run')\ndef run(): pass\ndef work(): pass\n",
        }
    )
    assert found == {"handler": "invoke", "work": "invoke"}


def test_a_router_in_a_module_may_come_from_a_package_not_in_sight() -> None:
    found = phases(
        "from layer import app\n@app.get('/')\ndef index(): pass\n"
        "import backoff\n@backoff.on_exception(1)\ndef retried(): pass\n"
        + HANDLER
        + "return app.resolve(event)"
    )
    assert found == {"handler": "invoke", "index": "invoke"}


def test_modules_are_followed_through_imports_of_every_kind() -> None:
    project, found = reach(
        {
            "app.py": """
                import one.two
                from three import four
                if TYPE_CHECKING:
                    import types_only
                def handler(event, context):
                    import lazy
                    lazy.go()
                def never():
                    import unreached
                if __name__ == "__main__":
                    import script
                """,
            "one/__init__.py": "import cycle\n",
            "one/two.py": "",
            "three/__init__.py": "",
            "three/four.py": "from . import five\n",
            "three/five.py": "",
            "cycle.py": "import one\nimport app\n",
            "lazy.py": "def start(): pass\nstart()\ndef go(): pass\n",
            "types_only.py": "",
            "unreached.py": "",
            "script.py": "",
            "beside.py": "",
        }
    )
    names = [module.source.path.as_posix() for module in found.modules]
    assert names[0] == "app.py"
    assert set(names) == {
        "app.py",
        "one/__init__.py",
        "one/two.py",
        "three/__init__.py",
        "three/four.py",
        "three/five.py",
        "cycle.py",
        "lazy.py",
    }
    lazy = project["lazy"]
    assert found.phases(lazy, lazy.tree.body[1]) == {Phase.INVOKE}
    assert found.function_phases(function(lazy, "start")) == {Phase.INVOKE}
    assert found.phases(project["beside"], project["beside"].tree) == frozenset()


def test_phases_of_nodes() -> None:
    project, found = reach(
        """
        client = make_at_level()
        decorated = lambda: in_lambda()
        def handler(event=default(), context=None):
            return in_handler()
        def never():
            return unreached()
        def setup():
            return in_setup()
        setup()
        if __name__ == "__main__":
            in_main()
        """
    )
    app = project["app"]
    phase = {
        node.func.value: found.phase(app, node)
        for node in app.nodes(cst.Call)
        if isinstance(node.func, cst.Name)
    }
    assert phase == {
        "make_at_level": Phase.INIT,
        "default": Phase.INIT,
        "in_lambda": Phase.INVOKE,
        "in_handler": Phase.INVOKE,
        "unreached": None,
        "in_setup": Phase.INIT,
        "setup": Phase.INIT,
        "in_main": None,
    }
    assert found.is_entry(app, function(app, "handler"))
    assert not found.is_entry(app, function(app, "setup"))


def test_a_handler_imported_from_elsewhere_brings_both_modules() -> None:
    _, found = reach(
        {
            "app.py": "import first\nfrom pkg.main import handler\n",
            "first.py": "",
            "pkg/__init__.py": "",
            "pkg/main.py": HANDLER + "pass",
        }
    )
    assert found.modules[0].source.path.as_posix() == "pkg/main.py"
    assert {module.source.path.as_posix() for module in found.modules} == {
        "app.py",
        "first.py",
        "pkg/__init__.py",
        "pkg/main.py",
    }


def test_call_sites() -> None:
    project, found = reach(
        {
            "app.py": """
                import lib
                from lib import Service, Other, helper
                import requests
                class Mine(Service):
                    def use(self):
                        self.act(4)
                service = Service("a")
                def handler(event, context):
                    helper(1)
                    lib.helper(2)
                    service.act(3)
                    requests.act(0)
                    Mine("b").use()
                    Other().use()
                def never():
                    helper(0)
                """,
            "lib.py": """
                def helper(x): pass
                class Service:
                    def __init__(self, name): pass
                    def act(self, n): pass
                class Other:
                    def act(self, n): pass
                    def use(self):
                        self.act(5)
                """,
        }
    )
    lib = project["lib"]

    def arguments(node: cst.FunctionDef) -> set[str]:
        sites = found.call_sites(lib, node)
        return {call.args[0].value.value for _, call in sites}  # type: ignore[attr-defined]

    assert arguments(function(lib, "helper")) == {"1", "2"}
    assert arguments(function(lib, "__init__")) == {'"a"', '"b"'}
    service, other = (node for node in lib.nodes(cst.FunctionDef) if node.name.value == "act")
    assert arguments(service) == {"3", "4"}
    assert arguments(other) == {"3", "5"}


def test_names_that_other_modules_take() -> None:
    project, found = reach(
        {
            "app.py": "import lib\nfrom lib import b\nfrom stars import *\n" + HANDLER + "lib.a()",
            "lib.py": "import a, b, c\n",
            "stars.py": "import d\n",
        }
    )
    assert found.is_imported(project["lib"], "a")
    assert found.is_imported(project["lib"], "b")
    assert not found.is_imported(project["lib"], "c")
    assert found.is_imported(project["stars"], "d")


def test_a_summary_is_made_once_for_all_handlers() -> None:
    project = Project(
        {
            "app.py": "import lib\n" + HANDLER + "lib.f()\ndef other(event, context):\n    lib.f()",
            "lib.py": "def f(): pass",
        }
    )
    graph = CallGraph(project.program)
    app = project["app"]
    graph.reach(app, function(app, "handler"))
    graph.reach(app, function(app, "other"))
    references = graph._references
    assert references.summary(app) is references.summary(app)
    unit = references.summary(project["lib"]).level
    assert references.uses(unit) is references.uses(unit)


def test_a_handler_of_a_package_calls_what_its_decorators_stand_on() -> None:
    text = (
        "from custom_resource import create, handler, other as delete\nfrom elsewhere import update\n"
        "@create()\ndef a(): f()\n@delete\ndef b(): pass\n"
        "@update()\ndef c(): pass\ndef f(): pass\ndef g(): pass\n"
    )
    assert phases(text) == {"a": "invoke", "b": "invoke", "f": "invoke"}
