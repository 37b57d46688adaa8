import libcst as cst
import pytest

from lambdalint.python.lifetimes import Lifetimes, Made
from tests.unit.python.analysis import analyse


def made(files: dict[str, str] | str, module: str = "app") -> Made:
    """When the one call of `make()` in a module runs."""
    handler = analyse(files)
    home = handler.project[module]
    lifetimes = Lifetimes(handler.evaluator, handler.reach)
    (call,) = [
        node for node in home.nodes(cst.Call) if isinstance(node.func, cst.Name) and node.func.value == "make"
    ]
    return lifetimes.of(home, call)


HEAD = "import os, time, threading, functools\nfrom lib import make\n"
# The life of what `make()` makes (none: no invocation makes it), and the code.
CASES = """
=== invocation
def handler(event, context):
    x = make()
=== invocation
def handler(event, context):
    for r in event: make()
=== invocation
def handler(event, context):
    if event['a']: make()
=== invocation
def f():
    return make()
def handler(event, context):
    f()
=== invocation
def f():
    return make()
def g():
    return f()
def handler(event, context):
    g()
=== none
x = make()
def handler(event, context):
    return x
=== none
def f():
    return make()
x = f()
def handler(event, context):
    return x
=== none
def handler(event, context, x=make()):
    return x
=== once
x = None
def handler(event, context):
    global x
    if x is None:
        x = make()
=== once
x = None
def handler(event, context):
    global x
    if not x:
        x = make()
=== once
x = None
def handler(event, context):
    global x
    x = x or make()
=== once
x = None
def handler(event, context):
    global x
    x = make() if x is None else x
=== once
x = None
def f():
    global x
    if x:
        return x
    x = make()
    return x
def handler(event, context):
    f()
=== once
x = None
def f():
    global x
    x = make()
def handler(event, context):
    if x is None:
        f()
=== invocation
x = None
def handler(event, context):
    global x
    x = make()
=== renewed
x = None
def handler(event, context):
    global x
    if x is None or x.closed:
        x = make()
=== once
x = None
def handler(event, context):
    global x
    if x is None and event['a']:
        x = make()
=== renewed
x = None
t = 0
def handler(event, context):
    global x, t
    if time.time() - t > 300:
        x = make()
        t = time.time()
=== renewed
x = None
t = 0
def handler(event, context):
    global x, t
    age = time.time() - t
    if age > 300:
        x = make()
        t = time.time()
=== renewed
x = None
def stale():
    return x is None or time.time() > x.end
def handler(event, context):
    global x
    if stale():
        x = make()
=== invocation
DEBUG = os.environ.get('DEBUG')
def handler(event, context):
    if DEBUG:
        make()
=== once
c = {}
def handler(event, context):
    k = event['k']
    if k not in c:
        c[k] = make()
=== once
c = {}
def handler(event, context):
    k = event['k']
    if not c.get(k):
        c[k] = make()
=== once
c = {}
def handler(event, context):
    x = c.get('k')
    if x is None:
        x = make()
        c['k'] = x
=== once
c = {}
def handler(event, context):
    if (x := c.get('k')) is None:
        x = c['k'] = make()
=== once
c = {}
def handler(event, context):
    try:
        return c['k']
    except KeyError:
        c['k'] = make()
=== once
c = {}
def handler(event, context):
    try:
        return c['k']
    except KeyError:
        pass
    c['k'] = make()
=== renewed
from cachetools import TTLCache
c = TTLCache(1, 300)
def handler(event, context):
    if 'k' not in c:
        c['k'] = make()
=== once
def handler(event, context, c={}):
    if 'k' not in c:
        c['k'] = make()
=== once
def f(c={}):
    if 'k' not in c:
        c['k'] = make()
def handler(event, context):
    f()
=== invocation
def handler(event, context):
    if 'k' not in event:
        make()
=== invocation
def handler(event, context):
    c = {}
    if 'k' not in c:
        c['k'] = make()
=== invocation
def handler(event, context):
    x = None
    if x is None:
        x = make()
=== once
def handler(event, context):
    if 'S' not in os.environ:
        os.environ['S'] = make()
=== once
def handler(event, context):
    if 'x' not in globals():
        global x
        x = make()
=== renewed
import redis
r = redis.Redis()
def handler(event, context):
    x = r.get('k')
    if not x:
        x = make()
=== once
l = threading.local()
def handler(event, context):
    if not hasattr(l, 'x'):
        l.x = make()
=== once
def f():
    if not hasattr(f, 'x'):
        f.x = make()
    return f.x
def handler(event, context):
    f()
=== once
def f():
    if f.x is None:
        f.x = make()
    return f.x
f.x = None
def handler(event, context):
    f()
=== once
@functools.lru_cache
def f():
    return make()
def handler(event, context):
    f()
=== once
@functools.lru_cache(maxsize=1)
def f():
    return make()
def handler(event, context):
    f()
=== renewed
from cachetools.func import ttl_cache
@ttl_cache(ttl=600)
def f():
    return make()
def handler(event, context):
    f()
=== renewed
@functools.lru_cache
def f(now):
    return make()
def handler(event, context):
    f(round(time.time() / 300))
=== renewed
@functools.lru_cache
def f(now=None):
    return make()
def hour():
    return time.time() // 3600
def handler(event, context):
    f(now=hour())
=== unknown
from x import deco
@deco
def f():
    return make()
def handler(event, context):
    f()
=== invocation
def deco(fn):
    def inner(*a, **k):
        print('x')
        return fn(*a, **k)
    return inner
@deco
def f():
    return make()
def handler(event, context):
    f()
=== unknown
def deco(fn):
    kept = {}
    def inner(*a):
        if a not in kept:
            kept[a] = fn(*a)
        return kept[a]
    return inner
@deco
def f():
    return make()
def handler(event, context):
    f()
=== invocation
from x import app
@app.get('/a')
def f():
    return make()
def handler(event, context):
    return app.resolve(event, context)
=== invocation
def f():
    return make()
T = {'a': f}
def handler(event, context):
    return T[event['a']]()
=== unknown
from x import Lazy
def f():
    return make()
T = Lazy(f)
def handler(event, context):
    return T.x
=== renewed
x = make2()
def handler(event, context):
    global x
    try:
        x.use()
    except OperationalError:
        x = make()
=== none
class A:
    def __init__(self):
        self.x = make()
a = A()
def handler(event, context):
    a.x
=== invocation
class A:
    def __init__(self):
        self.x = make()
def handler(event, context):
    A().x
=== once
class A:
    def __init__(self):
        self._x = None
    @property
    def x(self):
        if self._x is None:
            self._x = make()
        return self._x
a = A()
def handler(event, context):
    a.x.use()
=== invocation
class A:
    def __init__(self):
        self._x = None
    @property
    def x(self):
        if self._x is None:
            self._x = make()
        return self._x
def handler(event, context):
    a = A()
    a.x.use()
=== once
class A:
    @functools.cached_property
    def x(self):
        return make()
a = A()
def handler(event, context):
    a.x.use()
=== invocation
class A:
    @functools.cached_property
    def x(self):
        return make()
def handler(event, context):
    A().x.use()
=== once
class A:
    x = None
    @classmethod
    def get(cls):
        if cls.x is None:
            cls.x = make()
        return cls.x
def handler(event, context):
    A.get()
=== once
class A:
    x = None
    @classmethod
    def get(cls):
        if A.x is None:
            A.x = make()
        return A.x
def handler(event, context):
    A.get()
=== invocation
class A:
    def get(self):
        return make()
a = A()
def handler(event, context):
    a.get()
=== once
class A:
    _one = None
    def __new__(cls):
        if cls._one is None:
            cls._one = super().__new__(cls)
            cls._one.x = make()
        return cls._one
def handler(event, context):
    A()
=== unknown
class Meta(type):
    pass
class A(metaclass=Meta):
    def __init__(self):
        self.x = make()
def handler(event, context):
    A()
=== invocation
class B:
    def __init__(self):
        self.x = make()
class A(B):
    def __init__(self):
        super().__init__()
def handler(event, context):
    A()
=== none
class B:
    def __init__(self):
        self.x = make()
class A(B):
    pass
a = A()
def handler(event, context):
    a.x
=== once
a = None
class A:
    def __init__(self):
        self.x = make()
def get():
    global a
    if a is None:
        a = A()
    return a
def handler(event, context):
    get().x
=== invocation
class H:
    def __call__(self, event, context):
        make()
handler = H()
=== invocation
class H:
    def run(self, event, context):
        make()
handler = H().run
=== invocation
def main(event, context):
    make()
handler = main
=== invocation
class M:
    def __enter__(self):
        self.x = make()
        return self
    def __exit__(self, *a): ...
def handler(event, context):
    with M() as m:
        m.x
=== unknown
def outer():
    x = None
    def inner():
        nonlocal x
        if x is None:
            x = make()
        return x
    return inner
get = outer()
def handler(event, context):
    get()
=== renewed
x = 1
def handler(event, context):
    global x
    answer = use(x)
    if answer.status_code == 401:
        x = make()
=== renewed
x = 1
def refresh():
    global x
    x = make()
def handler(event, context):
    answer = use(x)
    if answer.status_code != 401:
        return answer
    refresh()
=== renewed
class A:
    def __init__(self):
        self.x = None
    def refresh(self):
        self.x = make()
a = A()
def handler(event, context):
    answer = use(a.x)
    if not answer.ok:
        a.refresh()
=== invocation
class A:
    def refresh(self):
        self.x = make()
def handler(event, context):
    a = A()
    if event["x"]:
        a.refresh()
=== invocation
def handler(event, context):
    if event["x"]:
        x = make()
=== renewed
c = {}
def f(k):
    if k in c:
        kept, at = c[k]
        if time.time() - at < 300:
            return kept
    x = make()
    found = parse(x)
    c[k] = (found, time.time())
    return found
def handler(event, context):
    f("k")
=== once
c = {}
def f(k):
    if k:
        if k in c:
            return c[k]
    c[k] = make()
def handler(event, context):
    f("k")
=== renewed
x = None
def handler(event, context):
    global x
    if x is None:
        x = make()
    try:
        x.use()
    finally:
        x = None
=== renewed
c = {}
def handler(event, context):
    if "k" not in c:
        c["k"] = make()
    if event["old"]:
        del c["k"]
=== renewed
c = {}
def handler(event, context):
    if "k" not in c:
        c["k"] = make()
    if event["old"]:
        c.clear()
=== renewed
@functools.lru_cache
def f():
    return make()
def handler(event, context):
    try:
        f().use()
    except Exception:
        f.cache_clear()
"""


@pytest.mark.parametrize("case", CASES.split("=== ")[1:])
def test_how_long_it_lives(case: str) -> None:
    life, code = case.split("\n", 1)
    found = made(HEAD + code).life
    assert (found.value if found is not None else "none") == life
