"""The distance of misspelt words, against the plain recursive definition."""

from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdalint.iam.spelling import slips

WORDS = st.text(alphabet="abc", max_size=7)


def distance(one: str, other: str) -> int:
    """Optimal string alignment, as it is defined."""

    @cache
    def of(i: int, j: int) -> int:
        if not i or not j:
            return i + j
        ways = [of(i - 1, j) + 1, of(i, j - 1) + 1, of(i - 1, j - 1) + (one[i - 1] != other[j - 1])]
        if i > 1 and j > 1 and one[i - 1] == other[j - 2] and one[i - 2] == other[j - 1]:
            ways.append(of(i - 2, j - 2) + 1)
        return min(ways)

    return of(len(one), len(other))


@given(WORDS, WORDS, st.integers(0, 4))
def test_slips(one: str, other: str, limit: int) -> None:
    expected, found = distance(one, other), slips(one, other, limit)
    assert found == expected if expected <= limit else found > limit


@given(WORDS, WORDS)
def test_the_order_does_not_matter(one: str, other: str) -> None:
    assert slips(one, other, 9) == slips(other, one, 9)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("getitem", "getitem", 0),
        ("getitm", "getitem", 1),
        ("getitme", "getitem", 1),
        ("getitems", "getitem", 1),
        ("gatitom", "getitem", 2),
        ("", "ab", 2),
    ],
)
def test_examples(one: str, other: str, expected: int) -> None:
    assert slips(one, other, 2) == expected
