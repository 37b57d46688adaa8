"""How far a misspelt word is from the one that was meant."""

from __future__ import annotations


def slips(one: str, other: str, limit: int) -> int:
    """How many letters are left out, put in, changed or swapped with their neighbour; more than `limit` is
    not counted to the end."""
    if abs(len(one) - len(other)) > limit:
        return limit + 1
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        before, previous, row = row, before, [i]
        for j, wanted in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != wanted))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == wanted:
                cost = min(cost, previous[j - 2] + 1)
            row.append(cost)
        if min(row) > limit and min(before) > limit:
            return min(row)
    return row[-1]
