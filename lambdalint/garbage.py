"""When Python looks for cycles to free: seldom, as trees are large and nearly all of them stay in use.

A tree has some twenty nodes a line, and CPython looks through what it knows after every so many new objects:
measured, a tenth to a quarter of the time that parsing takes.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

# Objects that have come to be and not gone since the last search: some fifteen thousand lines of Python,
# and a hundred megabytes.
ENOUGH = 600_000
# After so many searches among the young, those that survived are searched as well, as CPython does it.
_OFTEN = 10


@contextmanager
def seldom_collected() -> Iterator[None]:
    """Within it, only `collect_if_due` searches for cycles. Can be nested; restores what was before."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def collect_if_due() -> None:
    """Frees cycles where enough objects have come to be since the last time; called between applications.

    Mostly it looks among these objects alone: what an application leaves behind is young, and going through
    all that there is takes as long as parsing a fifth of it.
    """
    young, searched_young, searched_middle = gc.get_count()
    if young > ENOUGH:
        gc.collect(0 if searched_young < _OFTEN else 1 if searched_middle < _OFTEN else 2)
