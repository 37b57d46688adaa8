import libcst as cst
import pytest

from lambdalint.python.varying import Varies, of_arguments
from tests.unit.python.analysis import analyse

HEAD = """import os, uuid, boto3
from botocore.config import Config
REGIONS = ['a', 'b']
ssm = boto3.client('ssm')
"""


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("make()", Varies.NO),
        ("make('s3')", Varies.NO),
        ("make(os.environ['A'])", Varies.NO),
        ("make(f\"x-{os.environ['A']}\")", Varies.NO),
        ("make(config=Config(retries={'a': 1}))", Varies.NO),
        ("r = 'a'\nmake(r)", Varies.NO),
        ("make(*['a', 'b'])", Varies.NO),
        ("make(ssm.get_parameter(Name='x')['Parameter']['Value'])", Varies.NO),
        ("make(event['a'])", Varies.YES),
        ("make(f\"x-{event['a']}\")", Varies.YES),
        ("make(context.function_name)", Varies.YES),
        ("make({'a': event['b']})", Varies.YES),
        ("make(uuid.uuid4())", Varies.YES),
        ("make(boto3.client('s3').list_buckets()['Buckets'])", Varies.YES),
        ("for r in REGIONS:\n    make(r)", Varies.YES),
        ("for r in REGIONS:\n    x = r\n    make(x)", Varies.YES),
        ("[make(r) for r in REGIONS]", Varies.YES),
        ("make(unknown)", Varies.NO),
        ("make(1 + event['a'])", Varies.UNKNOWN),
        ("make(**options())", Varies.UNKNOWN),
    ],
)
def test_arguments(body: str, expected: Varies) -> None:
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    assert _varies(f"{HEAD}\ndef handler(event, context):\n{lines}") is expected


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("f('a')", Varies.NO),
        ("f(event['a'])", Varies.YES),
        ("f(*event)", Varies.UNKNOWN),
        ("[f(r) for r in REGIONS]", Varies.YES),
    ],
)
def test_what_helpers_are_passed(call: str, expected: Varies) -> None:
    code = f"{HEAD}\ndef f(region):\n    return make(region)\n\ndef handler(event, context):\n    {call}\n"
    assert _varies(code) is expected


def _varies(code: str) -> Varies:
    handler = analyse(code)
    (call,) = [
        node
        for node in handler.module.nodes(cst.Call)
        if isinstance(node.func, cst.Name) and node.func.value == "make"
    ]
    return of_arguments(handler.evaluator, handler.module, call)
