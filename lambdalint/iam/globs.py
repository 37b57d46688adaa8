"""Whether two patterns of policies have a text in common.

A pattern is a row of tokens. A token is one character, or one of these: any text, any text without slash and
colon, any one character, any one that is neither slash nor colon.
"""

from __future__ import annotations

from collections.abc import Sequence

ANY, NAME, ONE, PLAIN_ONE = "any", "name", "one", "plain"


def tokens(pattern: str) -> Sequence[str]:
    """The tokens of a text in which `*` is any text and `?` any one character, as IAM has them."""
    return [_WILDCARDS.get(letter, letter) for letter in pattern]


_WILDCARDS = {"*": ANY, "?": ONE}


def meet(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether some text fits both rows of tokens."""
    seen: set[tuple[int, int]] = set()
    stack = [(0, 0)]
    while stack:
        state = stack.pop()
        if state in seen:
            continue
        seen.add(state)
        i, j = state
        if i == len(one) and j == len(other):
            return True
        first = one[i] if i < len(one) else None
        second = other[j] if j < len(other) else None
        if first in (ANY, NAME):
            stack.append((i + 1, j))
        if second in (ANY, NAME):
            stack.append((i, j + 1))
        if first is None or second is None or not _share(first, second):
            continue
        after_i = i if first in (ANY, NAME) else i + 1
        after_j = j if second in (ANY, NAME) else j + 1
        if (after_i, after_j) != state:
            stack.append((after_i, after_j))
    return False


def _share(first: str, second: str) -> bool:
    """Whether some character fits both tokens."""
    if first in (ANY, ONE) or second in (ANY, ONE):
        return True
    if first in (NAME, PLAIN_ONE):
        return second not in ("/", ":")
    if second in (NAME, PLAIN_ONE):
        return first not in ("/", ":")
    return first == second
