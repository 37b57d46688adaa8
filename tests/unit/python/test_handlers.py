"""Handlers by name and by shape."""

from __future__ import annotations

import libcst as cst
import pytest

from lambdalint.python.handlers import find_handlers_by_shape, handler_node, parameters

from .helpers import Project, parse


def described(files: dict[str, str], attribute: str = "handler") -> str | None:
    project = Project(files)
    found = handler_node(project.program, project["app"], attribute)
    if found is None:
        return None
    module, node = found
    label = node.name.value if isinstance(node, cst.FunctionDef | cst.ClassDef) else type(node).__name__
    event, context = parameters(project.program, module, node)
    return f"{module.source.path}:{label}({event}, {context})"


LIB = {
    "lib.py": (
        "def work(e, c): pass\n"
        "class H:\n    def __call__(self, ev, ctx): pass\n    def go(self, ev, ctx): pass\n"
    )
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("def handler(event, context): pass", "app.py:handler(event, context)"),
        ("def handler(): pass", "app.py:handler(None, None)"),
        # What stands in after a failure is not meant.
        (
            "try:\n    from lib import work as handler\n"
            "except Exception:\n    def handler(event, context): raise",
            "lib.py:work(e, c)",
        ),
        (
            "try:\n    import lib\n    handler = lib.work\nexcept ImportError:\n    handler = None",
            "lib.py:work(e, c)",
        ),
        ("handler = lambda e, c: 1", "app.py:Lambda(e, c)"),
        ("def f(e, c): pass\nhandler = f", "app.py:f(e, c)"),
        ("from lib import work as handler", "lib.py:work(e, c)"),
        ("import lib\nhandler = lib.work", "lib.py:work(e, c)"),
        (
            "try:\n    from lib import work as handler\nexcept ImportError:\n    handler = None",
            "lib.py:work(e, c)",
        ),
        ("if x:\n    def handler(event, context): pass", "app.py:handler(event, context)"),
        ("from lib import work\nhandler = wrap(work)", "lib.py:work(e, c)"),
        ("from lib import work\nhandler = wrap(a=1)(work)", "lib.py:work(e, c)"),
        ("from lib import work\nhandler = a(b(work))", "lib.py:work(e, c)"),
        ("def f(e, c): pass\ndef g(): pass\nhandler = wrap(f, g)", "app.py:Assign(None, None)"),
        ("from mangum import Mangum\nhandler = Mangum(app)", "app.py:Assign(None, None)"),
        ("from lib import H\nhandler = H()", "lib.py:__call__(ev, ctx)"),
        ("from lib import H\nhandler = H().go", "lib.py:go(ev, ctx)"),
        ("from lib import H\nh = H()\nhandler = h.go", "lib.py:go(ev, ctx)"),
        ("from lib import H\nh = H()\nhandler = h", "lib.py:__call__(ev, ctx)"),
        ("from elsewhere import handler", "app.py:ImportAlias(None, None)"),
        ("class handler:\n    def __init__(self, e, c): pass", "app.py:handler(None, None)"),
        ("def handler(event, context): pass\nhandler = deco(handler)", "app.py:handler(event, context)"),
        ("x = 1", None),
        ("handler = handler", "app.py:Assign(None, None)"),
    ],
)
def test_by_name(text: str, expected: str | None) -> None:
    assert described({"app.py": text, **LIB}) == expected


def test_by_a_name_with_dots() -> None:
    text = "class A:\n    def go(self, e, c): pass\n    @staticmethod\n    def still(e, c): pass\n"
    assert described({"app.py": text}, "A.still") == "app.py:still(e, c)"
    assert described({"app.py": text}, "A.go") == "app.py:go(e, c)"


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("def handler(event, context): pass", 1),
        ("def anything(event, context): pass", 1),
        ("def lambda_handler(event, _): pass", 1),
        ("def main(evt, ctx): pass", 1),
        ("def f(_event, _context): pass", 1),
        ("def f(event, context=None): pass", 1),
        ("def f(event, context, more=1): pass", 1),
        ("def f(order, c: LambdaContext): pass", 1),
        ("def f(order, c: 'LambdaContext'): pass", 1),
        ("def f(order, c: typing.LambdaContext): pass", 1),
        ("@logger.inject_lambda_context\ndef f(order, c): pass", 1),
        ("@event_source(data_class=X)\ndef f(order, c): pass", 1),
        ("def lambda_handler(payload, context): pass", 1),
        ("def a(event, context): pass\ndef b(event, context): pass", 2),
        ("try:\n    def handler(event, context): pass\nexcept X: pass", 1),
        ("handler = Mangum(app)", 1),
        ("lambda_handler = serverless.Mangum(app, lifespan='off')", 1),
        ("def f(event): pass", 0),
        ("def f(a, b): pass", 0),
        ("def f(payload, context): pass", 0),
        ("def f(event, context, third): pass", 0),
        ("def f(event, context, *, key): pass", 0),
        ("async def f(event, context): pass", 0),
        ("class C:\n    def handler(self, event, context): pass", 0),
        ("def outer():\n    def handler(event, context): pass", 0),
        ("if __name__ == '__main__':\n    def handler(event, context): pass", 0),
        ("app = Mangum(x)", 0),
        ("handler = logging.StreamHandler()", 0),
    ],
)
def test_by_shape(text: str, count: int) -> None:
    assert len(find_handlers_by_shape(parse(text))) == count


def test_a_handler_of_a_package_stands_where_the_application_has_it_from() -> None:
    project = Project(
        {
            "app.py": "try:\n    from main import handler\nexcept E:\n    def handler(event, context): raise",
            "main.py": "from cfn_custom_resource import handler, create",
        }
    )
    found = handler_node(project.program, project["app"], "handler")
    assert found is not None
    assert found[0] is project["main"]
    assert isinstance(found[1], cst.ImportAlias)
