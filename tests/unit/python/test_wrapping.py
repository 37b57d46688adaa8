from __future__ import annotations

from textwrap import dedent

import pytest

from lambdalint.python.handlers import handler_node
from lambdalint.python.wrapping import ALL, NOTHING, Entry, Kept, entry
from tests.unit.python.analysis import analyse

PLAIN = "def handler(event, context):\n    return {}\n"


def of(text: str, attribute: str = "handler") -> Entry:
    found = analyse(dedent(text), attribute)
    return entry(found.evaluator, found.project["app"], attribute, found.module, found.node)


@pytest.mark.parametrize(
    "text",
    [
        PLAIN,
        PLAIN.replace("handler", "main") + "handler = main\n",
        "from aws_lambda_powertools import Logger\nlogger = Logger()\n@logger.inject_lambda_context\n"
        + PLAIN,
        "from shared import tracer\n@tracer.capture_lambda_handler(capture_response=False)\n" + PLAIN,
        "from aws_lambda_powertools.utilities.idempotency import idempotent\n@idempotent(config=c)\n" + PLAIN,
        "import functools\n@functools.lru_cache\n" + PLAIN,
        "handler = lambda event, context: {}\n",
        "from shared import tracer\n"
        + PLAIN.replace("handler", "main")
        + "handler = tracer.capture_lambda_handler(main)\n",
    ],
)
def test_nothing_in_the_way(text: str) -> None:
    assert of(text) == Entry(ALL)


@pytest.mark.parametrize(
    "text",
    [
        "from lambda_decorators import json_http_resp\n@json_http_resp\n" + PLAIN,
        "from shared import wrap\n@wrap\n" + PLAIN,
        "from shared import wrap\n" + PLAIN.replace("handler", "main") + "handler = wrap(main, 1)\n",
        PLAIN.replace("handler", "main") + "handler = make(main, retries=3)\n",
        "def wrap(f):\n    return Wrapper(f)\n@wrap\n" + PLAIN,
    ],
)
def test_unknown_decorators(text: str) -> None:
    assert of(text).kept == NOTHING


def test_a_parsed_event() -> None:
    text = "from aws_lambda_powertools.utilities.parser import event_parser\n@event_parser(model=M)\n"
    assert of(text + PLAIN).kept == Kept(event=False)


OWN = """\
from functools import wraps

def logged(f):
    @wraps(f)
    def inner(event, context):
        BODY
    return inner

@logged
def handler(event, context):
    return {}
"""


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        ("return f(event, context)", ALL),
        ("result = f(event, context); print(result); return result", ALL),
        ("return {'statusCode': 200, 'body': str(f(event, context))}", Kept(reply=False)),
        ("result = f(event, context); result['x'] = 1; return result", Kept(reply=False)),
        ("event = load(event); return f(event, context)", NOTHING.__class__(False, False, True)),
        ("return f(event['body'], context)", Kept(event=False)),
        ("return f(event)", Kept(False, False, True)),
        ("return 1", NOTHING),
    ],
)
def test_decorators_of_ones_own(body: str, kept: Kept) -> None:
    assert of(OWN.replace("BODY", body)).kept == kept


def test_decorators_that_hand_on_whatever_comes() -> None:
    text = OWN.replace("inner(event, context)", "inner(*args, **kwargs)")
    assert of(text.replace("BODY", "return f(*args, **kwargs)")).kept == ALL


def test_decorators_that_answer_for_a_failure() -> None:
    body = "try:\n            return f(event, context)\n        except ValueError:\n            return None"
    assert of(OWN.replace("BODY", body)).kept == ALL


def test_decorators_that_take_arguments() -> None:
    text = """\
        def logged(level):
            def outer(f):
                def inner(*args):
                    return f(*args)
                return inner
            return outer

        @logged("info")
        def handler(event, context):
            return {}
        """
    assert of(text).kept == ALL


CLASS = """\
class Service:
    def handle(self, event, context):
        return {}

    @staticmethod
    def still(event, context):
        return {}

    @classmethod
    def of(cls, event, context):
        return {}

    def __call__(self, event, context):
        return {}
"""


@pytest.mark.parametrize(
    ("bound", "count"),
    [
        ("Service().handle", 1),
        ("Service.handle", 0),
        ("Service.still", 0),
        ("Service.of", 1),
        ("Service()", 1),
    ],
)
def test_methods(bound: str, count: int) -> None:
    found = of(CLASS + f"handler = {bound}\n")
    assert found.bound == count
    assert found.kept == ALL


def test_what_is_no_function() -> None:
    text = "from mangum import Mangum\nfrom api import app\nhandler = Mangum(app)\n"
    found = analyse(text)
    assert handler_node(found.project.program, found.project["app"], "handler") is not None
    assert not of(text).named
