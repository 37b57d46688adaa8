"""repeated-env-value: several functions have the same variable with the same value."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lambdalint.finding import Finding, Role
from lambdalint.rule import Rule
from lambdalint.template.values import Known

if TYPE_CHECKING:
    from lambdalint.application.application import Application
    from lambdalint.template.template import Template
    from lambdalint.template.variables import Written

_FEWEST = 3


class RepeatedEnvValue(Rule):
    """The same variable with the same value stands in the environment of three or more functions.

    **Why**

    A value that is written several times is changed in several places, and one of them is forgotten: from
    then on some functions run with the old value. Globals give it to all functions of the template.

    **Bad**

    ```yaml title=template.yaml
    Transform: AWS::Serverless-2016-10-31
    Globals:
      Function:
        Runtime: python3.13
        CodeUri: src/
    Resources:
      Create:
        Type: AWS::Serverless::Function
        Properties:
          Handler: app.create
          Environment:
            Variables:
              CURRENCY: EUR
      Read:
        Type: AWS::Serverless::Function
        Properties:
          Handler: app.read
          Environment:
            Variables:
              CURRENCY: EUR
      Delete:
        Type: AWS::Serverless::Function
        Properties:
          Handler: app.delete
          Environment:
            Variables:
              CURRENCY: EUR
    ```

    **Good**

    ```yaml title=template.yaml
    Transform: AWS::Serverless-2016-10-31
    Globals:
      Function:
        Runtime: python3.13
        CodeUri: src/
        Environment:
          Variables:
            CURRENCY: EUR
    Resources:
      Create:
        Type: AWS::Serverless::Function
        Properties:
          Handler: app.create
      Read:
        Type: AWS::Serverless::Function
        Properties:
          Handler: app.read
      Delete:
        Type: AWS::Serverless::Function
        Properties:
          Handler: app.delete
    ```

    A function that needs another value overrides that of Globals. In plain CloudFormation, a parameter with a
    default keeps it in one place. What several applications share fits in Parameter Store.

    **Limits**

    Only literal values count: a reference repeats a name, not a value. One finding for each variable and
    value, at its first copy. Values in a branch of `Fn::If` and empty ones are left alone, and so are
    functions that IgnoreGlobals or a macro sets apart.

    **References**

    - https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification-template-anatomy-globals.html
    - https://docs.aws.amazon.com/systems-manager/latest/userguide/systems-manager-parameter-store.html
    """

    name = "repeated-env-value"
    severity = "info"
    reads = "template"

    def check_template(self, template: Template, application: Application) -> Iterator[Finding]:
        """One finding for each variable and value."""
        if len(template.functions) < _FEWEST:
            return
        copies: dict[tuple[bool, str, str], list[Written]] = {}
        for variable in template.variables:
            value = _literal(template, variable)
            if value:
                sam = variable.functions[0].sam
                copies.setdefault((sam, variable.name, value), []).append(variable)
        for (sam, name, value), found in copies.items():
            if len(found) < _FEWEST:
                continue
            first, *others = found
            shown = value if len(value) <= 40 else f"{value[:37]}..."
            yield self.finding(
                f"`{name}` is `{shown}` in the environments of {len(found)} functions",
                template.label(first.outcomes[0].path, "the first copy"),
                *(
                    template.label(each.outcomes[0].path, "and here", Role.RELATED, function=each.ids[0])
                    for each in others
                ),
                help="write it once, in Globals" if sam else "write it once, as a parameter's default",
                functions=[each.ids[0] for each in found],
            )


def _literal(template: Template, variable: Written) -> str:
    """The text that a function's own variable is in every branch; "" where it is none."""
    outcome = variable.outcomes[0] if len(variable.outcomes) == 1 else None
    if outcome is None or outcome.origin != "own" or outcome.conditions or outcome.parameter:
        return ""
    function = variable.functions[0]
    if function.sam and template.get((*function.resource.path, "IgnoreGlobals")) is not None:
        return ""
    node = template.get(outcome.path)
    value = outcome.value.value if isinstance(outcome.value, Known) else None
    if isinstance(node, (dict, list)) or not isinstance(value, (str, int, float)):
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)
