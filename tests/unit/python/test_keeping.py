import libcst as cst
import pytest

from lambdalint.python.keeping import uses
from tests.unit.python.analysis import analyse

# The lines of the handler's modules that read what `make()` gave at init, and the code.
CASES = """
=== 5
x = make()
y = {"k": x}

def handler(event, context):
    return y["k"]
=== none
x = make()
print(x)

def handler(event, context):
    return 1
=== none
x = make()

def handler(event, context):
    if x is None:
        return 1
=== 8
def build():
    found = make()
    text = found["a"]
    return f"Bearer {text}"

HEADERS = dict(Authorization=build())
def handler(event, context):
    call(HEADERS)
=== 11
class Client:
    def __init__(self, token):
        self.token = token

    def call(self):
        return 1

client = Client(make())
class Other: ...
def handler(event, context):
    return client.token
=== 6
from sdk import Client
client = Client(token=make())
other = Client()

def handler(event, context):
    return client.send(), other
=== 6
from sdk import session
config = session()
config.headers.update({"token": make()})

def handler(event, context):
    return config.get("x")
=== 3
import os
os.putenv("x", "y")
os.environ["TOKEN"] = make()
def handler(event, context):
    return 1
=== 6
a, b = make(), 2
both = [each for each in (a, b)]
first, *rest = both

def handler(event, context):
    return rest
=== 7
def show(value):
    return value
x = make()
y = show(x)
z = 1
def handler(event, context):
    return y
=== none
def get():
    return make()
x = get()
del x
def handler(event, context):
    return get()
=== 5
with make() as x:
    y = x.read()

def handler(event, context):
    return y
=== 4
x = (y := make())["z"]
w = x or None
def handler(event, context):
    return w
"""


@pytest.mark.parametrize("case", CASES.split("=== ")[1:])
def test_where_invocations_read_it(case: str) -> None:
    line, code = case.split("\n", 1)
    handler = analyse(code)
    (call,) = [
        node
        for node in handler.module.nodes(cst.Call)
        if isinstance(node.func, cst.Name) and node.func.value == "make"
    ]
    found = uses(handler.evaluator, handler.reach, handler.module, call)
    lines = [place.module.line_of(place.node) for place in found]
    assert (str(lines[0]) if lines else "none") == line


def test_in_another_module() -> None:
    files = {
        "app.py": "import store\nfrom store import token\n\n"
        "def handler(event, context):\n    return token, store.token\n",
        "store.py": "token = make()\n",
    }
    handler = analyse(files)
    store = handler.project["store"]
    found = uses(handler.evaluator, handler.reach, store, store.nodes(cst.Call)[0])
    assert [place.module.line_of(place.node) for place in found] == [5, 5]
