"""How findings name the functions of a role."""

import pytest

from lambdalint.application.role_labels import owners, who
from lambdalint.finding import Role
from lambdalint.template.grants import Owner
from tests.unit.template.templates import at, template

NAMES = ["Orders", "Bills", "Mails", "Stock"]
TEMPLATE = template(
    "Transform: AWS::Serverless-2016-10-31\nResources:\n"
    + "".join(f"  {name}: {{Type: AWS::Serverless::Function}}\n" for name in NAMES)
)


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (1, "Orders"),
        (2, "Orders and Bills"),
        (3, "Orders, Bills and Mails"),
        (4, "Orders and 3 other functions"),
    ],
)
def test_who(count: int, expected: str) -> None:
    assert who(TEMPLATE.functions[:count]) == expected


@pytest.mark.parametrize("owner", ["role", "policy", "managed-policy"])
def test_owners(owner: Owner) -> None:
    found = list(owners(owner, TEMPLATE.functions[:2]))
    assert [at(TEMPLATE, label.span) for label in found] == ["Orders", "Bills"]
    assert all(label.role is Role.RELATED for label in found)


def test_a_policy_of_the_function_itself_needs_no_label() -> None:
    assert list(owners("function", TEMPLATE.functions[:1])) == []
