from __future__ import annotations

from textwrap import dedent

import pytest

from lambdalint.python.concurrency import needs_shared_memory
from lambdalint.python.exits import exits

from .analysis import analyse


def found(code: str) -> list[str]:
    analysed = analyse(f"import atexit, os, signal, sys, threading\n{dedent(code)}")
    return [each.what for each in exits(analysed.evaluator, analysed.reach)]


def shared(code: str) -> list[str]:
    analysed = analyse(f"import multiprocessing as mp, os\n{dedent(code)}")
    return [each.what for each in needs_shared_memory(analysed.evaluator, analysed.reach)]


def handler(body: str) -> str:
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    return f"def handler(event, context):\n{lines}"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("sys.exit()", ["sys.exit"]),
        ("exit(1)", ["exit"]),
        ("quit()", ["quit"]),
        ("os._exit(2)", ["os._exit"]),
        ("os.abort()", ["os.abort"]),
        ("raise SystemExit", ["raise SystemExit"]),
        ("raise SystemExit(3) from None", ["raise SystemExit"]),
        ("os.kill(os.getpid(), 9)", ["os.kill"]),
        ("os.kill(event['pid'], 9)", []),
        ("try:\n    sys.exit()\nexcept Exception:\n    pass", ["sys.exit"]),
        ("try:\n    sys.exit()\nexcept SystemExit:\n    pass", []),
        ("try:\n    sys.exit()\nexcept (OSError, BaseException):\n    pass", []),
        ("try:\n    sys.exit()\nexcept:\n    pass", []),
        ("try:\n    sys.exit()\nexcept:\n    raise", ["sys.exit"]),
        ("try:\n    os._exit(1)\nexcept:\n    pass", ["os._exit"]),
        ("try:\n    pass\nexcept OSError:\n    sys.exit()", ["sys.exit"]),
        ("if os.environ.get('AWS_LAMBDA_FUNCTION_NAME') is None:\n    sys.exit()", []),
        ("raise ValueError", []),
    ],
)
def test_what_ends_the_process(body: str, expected: list[str]) -> None:
    assert found(handler(body)) == expected


def test_a_local_function_of_that_name_ends_nothing() -> None:
    assert found(f"def exit():\n    pass\n{handler('exit()')}") == []


def test_all_callers_must_catch_it() -> None:
    helper = "def stop():\n    sys.exit()\n"
    caught = "try:\n    stop()\nexcept SystemExit:\n    pass"
    assert found(helper + handler(caught)) == []
    assert found(helper + handler(f"{caught}\nstop()")) == ["sys.exit"]


@pytest.mark.parametrize(
    "body",
    [
        "threading.Thread(target=stop).start()",
        "signal.signal(signal.SIGTERM, stop)",
        "atexit.register(stop)",
    ],
)
def test_elsewhere_it_ends_no_invocation(body: str) -> None:
    assert found("def stop(*arguments):\n    sys.exit()\n" + handler(body)) == []


def test_init_may_exit() -> None:
    assert found("if not os.environ.get('X'):\n    sys.exit()\n" + handler("return 1")) == []


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("mp.Pool(2)", ["multiprocessing.Pool"]),
        ("mp.Queue()", ["multiprocessing.Queue"]),
        ("mp.Value('i', 0)", ["multiprocessing.Value"]),
        ("mp.Value('i', 0, lock=False)", []),
        ("mp.get_context('fork').Lock()", ["multiprocessing.Lock"]),
        ("mp.Process(target=print)", []),
        ("mp.Pipe()", []),
        ("mp.Manager()", []),
        ("try:\n    mp.Lock()\nexcept OSError:\n    pass", []),
        ("try:\n    mp.Lock()\nexcept ValueError:\n    pass", ["multiprocessing.Lock"]),
        ("if not os.getenv('AWS_LAMBDA_RUNTIME_API'):\n    mp.Pool()", []),
    ],
)
def test_what_needs_shared_memory(body: str, expected: list[str]) -> None:
    assert shared(handler(body)) == expected


def test_init_needs_it_too() -> None:
    assert shared("lock = mp.Lock()\n" + handler("return 1")) == ["multiprocessing.Lock"]
