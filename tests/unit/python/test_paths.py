"""Which code every invocation comes to, and which only those that take one side of a branch."""

from __future__ import annotations

import libcst as cst
import pytest

from lambdalint.python.evaluate import Evaluator
from lambdalint.python.paths import Paths, Usage

from .helpers import Project
from .test_reach import reach

HEAD = "import boto3, json\ns3 = boto3.client('s3')\ndef work(): s3.put_object()\n"
HANDLER = "def handler(event, context):\n"


def usage(files: dict[str, str] | str, attribute: str = "handler") -> tuple[Project, Usage]:
    """On which invocations something called `use` is named."""
    project, found = reach(files, attribute)
    places = [
        (module, name)
        for module in project.modules.values()
        for name in module.nodes(cst.Name)
        if name.value == "use" and module.names.bound_by(name) is None
    ]
    return project, Paths(Evaluator(project.program, found), found).usage(places)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("use()", "always"),
        ("for r in event: use()", "always"),
        ("with use() as a: work()", "always"),
        ("try: use()\nexcept E: work()", "always"),
        ("try: use()\nfinally: work()", "always"),
        ("return [use() for r in event]", "always"),
        # One side works, and never uses it.
        ("if event: use()\nelse: work()", "sometimes"),
        ("if event:\n    work()\n    return 1\nuse()", "sometimes"),
        ("if event: use()\nelse:\n    if not event: return 1\n    work()", "sometimes"),
        ("if event == 1: work()\nelif event == 2: use()\nelse: return 3", "sometimes"),
        ("match event:\n    case 1: use()\n    case 2: work()", "sometimes"),
        ("for r in event:\n    if r: use()\n    else: work()", "sometimes"),
        ("for r in event:\n    if r:\n        work()\n        continue\n    use()", "sometimes"),
        ("return use() if event else s3.get_object()", "sometimes"),
        ("try: work()\nexcept E: use()", "sometimes"),
        ("try:\n    if event: use()\n    else: work()\nexcept E: pass", "sometimes"),
        # Both sides use it.
        ("if event: use()\nelse: use()", "always"),
        ("if event: work()\nuse()", "always"),
        ("use()\nif event: use()\nelse: work()", "always"),
        ("if event: work()\nelse: pass\nuse()", "always"),
        # A guard clause is no second way, however it is written.
        ("if not event: return {'statusCode': 400, 'body': json.dumps({})}\nuse()", "always"),
        ("if not event:\n    print('no')\n    raise ValueError('no')\nuse()", "always"),
        ("a = s3.get_object()\nif not a: return error(404)\nuse()", "always"),
        ("a = s3.get_object()\nif a: use()\nreturn {}", "always"),
        ("if event == 'ping': return 'pong'\nwork()\nuse()", "always"),
        ("for r in event:\n    if not r: continue\n    use()", "always"),
        ("try: a = s3.get_object()\nexcept E: return error(500)\nuse()", "always"),
        ("try:\n    work()\n    use()\nexcept E:\n    work()\n    return 1", "always"),
        ("f()\nwork()", "always"),  # `f` returns early where there is nothing to do
        ("for r in event:\n    if not r: continue\n    use()\nwork()", "always"),
        # What deals with a failure, or answers a formality.
        ("r = s3.head_object()\nif r.error:\n    work()\nelse: use()", "always"),
        ("if event == 'FAILED': work()\nelse: use()", "always"),
        ("if event > 3:\n    log.error('no')\n    work()\n    return 1\nuse()", "always"),
        ("if event > 3:\n    work()\n    return {'statusCode': 404}\nuse()", "always"),
        ("if event['httpMethod'] == 'OPTIONS': return work()\nuse()", "always"),
        # Configuration decides for all invocations alike.
        ("if os.environ.get('A'): use()\nwork()", "always"),
        ("a = os.environ['A'] == 'yes'\nif not a: work()\nelse: use()", "always"),
        ("if MODE == 'a': use()\nelse: work()", "always"),
        ("if g(os.environ['A']): use()\nelse: work()", "sometimes"),
        ("h('a')\nwork()", "always"),
        # What an earlier invocation left is not there at the first.
        ("global CACHE\nif CACHE is None: CACHE = use()\nwork()", "always"),
        ("f2()\ntry: work()\nexcept E: f2()", "always"),
        ("try: work()\nexcept E:\n    use()\n    return 1\nuse()", "always"),
        ("if event['id'] not in TABLE: TABLE[event['id']] = use()\nwork()", "always"),
        # What decides is the branch, not the work before it or after both sides.
        ("work()\nif event: use()", "always"),
        ("if event: work()\nif event == 1: use()\nreturn 1", "always"),
        # A use that comes after all.
        ("if event:\n    if event == 1: use()\n    else: work()\nuse()", "always"),
        ("if not event: return 1\ns3.get_object()\nk(event)\nuse()", "always"),
        ("for r in event:\n    if r == 1: use()\n    else: work()\nuse()", "always"),
        ("try:\n    if event == 1: use()\n    else: work()\nfinally: use()", "always"),
        ("if event == 1: use()\nelse:\n    work()\n    return 1\nuse()", "sometimes"),
        # What comes after both is no work of either.
        ("if event: use()\nwork()", "always"),
        ("a = event and use()\nwork()", "always"),
        ("for r in event:\n    if r: use()\n    work()", "always"),
        ("for r in event:\n    if r:\n        use()\n        continue\nwork()", "always"),
        (
            "while event:\n    if not s3.head_object():\n        time.sleep(3)\n        continue\n    use()",
            "always",
        ),
    ],
)
def test_statements(body: str, expected: str) -> None:
    text = HEAD + "def error(code): return {'statusCode': code, 'body': json.dumps({})}\n"
    text += "import os\nMODE = os.environ.get('MODE', 'a').lower()\nCACHE = None\nTABLE = {}\n"
    text += "def f(a=0):\n    if not a: return None\n    return use()\n"
    text += "def f2():\n    global CACHE\n    if CACHE is None: CACHE = use()\n    return CACHE\n"
    text += "def k(a):\n    if a == 1: return use()\n    work()\n"
    text += "def h(a):\n    if a == 'a': use()\n    else: work()\n"
    text += HANDLER + "".join(f"    {line}\n" for line in body.split("\n"))
    assert usage(text)[1].runs.value == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (HANDLER + "    f()\ndef f(): use()", "always"),
        (HANDLER + "    if event: f()\n    else: work()\ndef f(): use()", "sometimes"),
        (HANDLER + "    if event: f()\n    else: g()\ndef f(): use()\ndef g(): f()", "always"),
        (HANDLER + "    f()\n    work()\ndef f():\n    if a: return use()", "always"),
        (HANDLER + "    f()\n    work()\ndef f():\n    if a: return use()\n    work()", "sometimes"),
        (HANDLER + "    f()\ndef f():\n    if a: return use()\n    f()", "always"),
        # Tables, however they are written.
        (HANDLER + "    return {1: f, 2: work}[event]()\ndef f(): use()", "sometimes"),
        ("def f(): use()\nTABLE = {1: f, 2: work}\n" + HANDLER + "    TABLE[event['a']]()", "sometimes"),
        (
            "def f(): use()\nTABLE = {1: f, 2: work}\n" + HANDLER + "    g = TABLE.get(event['a'])\n    g()",
            "sometimes",
        ),
        ("def f(): use()\nTABLE = {1: f}\n" + HANDLER + "    TABLE[event['a']]()", "always"),
        (HANDLER + "    {1: lambda: use(), 2: lambda: work()}[event]()", "sometimes"),
        # Objects.
        (HANDLER + "    C().run()\nclass C:\n    def run(self): use()", "always"),
        (HANDLER + "    C()\nclass C:\n    def __init__(self): use()", "always"),
        (
            HANDLER + "    if event: C().run()\n    else: work()\nclass C:\n    def run(self): self.f()\n"
            "    def f(self): use()",
            "sometimes",
        ),
        ("class C:\n    def f(self): use()\nc = C()\n" + HANDLER + "    c.f()", "always"),
        # Functions that others call.
        (HANDLER + "    list(map(f, event))\ndef f(r): use()", "always"),
        (HANDLER + "    if event: pool.submit(f, 1)\n    else: work()\ndef f(r): use()", "sometimes"),
        (HANDLER + "    run(f)\ndef run(g): g()\ndef f(): use()", "always"),
        ("import asyncio\n" + HANDLER + "    asyncio.run(f())\nasync def f(): use()", "always"),
        (
            "from powertools import process\n" + HANDLER + "    return process(event, record_handler=f)\n"
            "def f(r):\n    if r: use()\n    else: work()",
            "sometimes",
        ),
        ("from functools import partial\n" + HANDLER + "    partial(f, 1)()\ndef f(a): use()", "always"),
        # Routers.
        (
            "app = Resolver()\n@app.get('/a')\ndef a(): use()\n@app.post('/b')\ndef b(): work()\n"
            + HANDLER
            + "    return app.resolve(event, context)",
            "sometimes",
        ),
        (
            "app = Resolver()\n@app.get('/a')\ndef a(): use()\n"
            + HANDLER
            + "    return app.resolve(event, context)",
            "always",
        ),
        (
            "app = FastAPI()\n@app.get('/a')\ndef a(): use()\n@app.post('/b')\ndef b(): work()\n"
            "handler = Mangum(app)",
            "sometimes",
        ),
        # Nobody who could be seen calls it.
        (HANDLER + "    unknown(event)\n@hook.on('x')\ndef f(): use()\nkeep(f)", "unknown"),
        (HANDLER + "    pass\ndef f(): use()", "unknown"),
    ],
)
def test_functions(text: str, expected: str) -> None:
    assert usage(HEAD + text)[1].runs.value == expected


def test_the_fork_is_the_outermost_branch_that_decides() -> None:
    project, found = usage(
        HEAD
        + HANDLER
        + "    if a: pass\n    if event:\n        if b: use()\n        else: work()\n    else: work()\n"
    )
    assert found.fork is not None
    assert found.fork.module is project["app"]
    node = found.fork.node
    assert isinstance(node, cst.If)
    assert isinstance(node.test, cst.Name)
    assert node.test.value == "event"


def test_other_modules() -> None:
    files = {
        "app.py": HEAD + "import jobs\n" + HANDLER + "    if event: jobs.run()\n    else: work()\n",
        "jobs.py": "def run(): use()\n",
    }
    assert usage(files)[1].runs.value == "sometimes"


def test_a_very_long_expression_does_no_harm() -> None:
    chain = " + ".join(f"f({number})" for number in range(700))
    assert usage(HEAD + HANDLER + f"    a = {chain}\n    use()\n")[1].runs.value in ("always", "unknown")
