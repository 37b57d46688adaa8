"""The rules that the engine itself reports: what it could not read, and ignores that do nothing."""

from __future__ import annotations

from lambdalint.rule import Rule


class SyntaxErrorRule(Rule):
    """A Python file does not parse.

    **Why**

    Lambda imports the file when an execution environment starts. One that does not parse fails every
    invocation with `Runtime.UserCodeSyntaxError`, and lambdalint can say nothing else about it.

    **Bad**

    ```python title=src/app.py
    def handler(event, context)
        return {"statusCode": 200}
    ```

    **Good**

    ```python title=src/app.py
    def handler(event, context):
        return {"statusCode": 200}
    ```

    **Limits**

    Syntax is read as the newest Python has it; what a function's own runtime is too old for is not seen here.
    Files that no application holds are not read.

    **References**

    - https://docs.aws.amazon.com/lambda/latest/dg/python-exceptions.html
    - https://docs.python.org/3/reference/grammar.html
    """

    name = "syntax-error"
    severity = "error"
    reads = "code"
    precision = "very-high"


class TemplateErrorRule(Rule):
    """A template cannot be decoded.

    **Why**

    CloudFormation and `sam deploy` refuse it; or, as with a key that is written twice, take one of the two
    and drop the other without a word. What the template deploys is then unknown here too.

    **Bad**

    ```yaml title=template.yaml
    AWSTemplateFormatVersion: "2010-09-09"
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Orders:
        Type: AWS::Serverless::Function
        Properties:
          Handler: app.handler
          Runtime: python3.13
          Timeout: 10
          Timeout: 30
    ```

    **Good**

    ```yaml title=template.yaml
    AWSTemplateFormatVersion: "2010-09-09"
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Orders:
        Type: AWS::Serverless::Function
        Properties:
          Handler: app.handler
          Runtime: python3.13
          Timeout: 30
    ```

    **Limits**

    Only the form of the file is read: whether the resources in it are valid is cfn-lint's to say. Where
    it can be, the rest of a faulty template is checked all the same.

    **References**

    - https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-formats.html
    - https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/serverless-sam-template.html
    """

    name = "template-error"
    severity = "error"
    reads = "template"
    precision = "very-high"


class UnusedIgnoreRule(Rule):
    """An ignore silences nothing.

    **Why**

    The mistake that it was written for is gone, or it stands on another line than the finding. Left in
    place it hides the next mistake there, and tells readers of an exception that is none.

    **Bad**

    ```python title=src/app.py
    import json  # lambdalint: ignore[unused-import] the plugins need it


    def handler(event, context):
        return json.dumps(event)
    ```

    **Good**

    ```python title=src/app.py
    import json


    def handler(event, context):
        return json.dumps(event)
    ```

    **Fix**

    Removes the directive, or the one name in it. Safe: only a comment or an entry of `Metadata` goes.

    **Limits**

    Only rules that ran on the file are judged: an ignore for a rule that is not selected is left alone.

    **References**

    - https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-attribute-metadata.html
    """

    name = "unused-ignore"
    severity = "warning"
    reads = "both"
    fix = "safe"
    precision = "very-high"


class UnknownIgnoreRule(Rule):
    """An ignore names no rule that there is.

    **Why**

    It silences nothing: the name is misspelt or gone, or the directive names no rule at all. There is no
    ignore for everything on a line, because it would hide mistakes that are made there later.

    **Bad**

    ```python title=src/app.py
    import json  # lambdalint: ignore[unused-imports] the plugins need it


    def handler(event, context):
        return {"statusCode": 200}
    ```

    **Good**

    ```python title=src/app.py
    import json  # lambdalint: ignore[unused-import] the plugins need it


    def handler(event, context):
        return {"statusCode": 200}
    ```

    **Fix**

    Removes the name, or the directive if it is the only one; the nearest name is in the message. Safe: only a
    comment or an entry of `Metadata` changes.

    **Limits**

    A directive without brackets is reported and left as it is: what it was meant to silence is not known. The
    name of a rule from a package that is not installed counts as unknown.

    **References**

    - https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-attribute-metadata.html
    """

    name = "unknown-ignore"
    severity = "warning"
    reads = "both"
    fix = "safe"
    precision = "very-high"


class RuleCrashRule(Rule):
    """A rule raised an exception; the others went on.

    **Why**

    What the rule would have found in that application is not known, so a run in which one crashed never
    counts as clean: the exit code is 2, also under `--exit-zero`. It is reported among the crashes rather
    than the findings, for it says nothing about the linted code.

    **Bad**

    ```text
    rule-crash: unused-import raised KeyError: 'handler' (src/app.py)
    ```

    **Good**

    ```text
    No issues found.
    ```

    **Limits**

    The application in which the rule crashed is judged without it. `ignore = ["NAME"]` leaves the rule
    out until it is mended.

    **References**

    - https://docs.python.org/3/library/exceptions.html
    """

    name = "rule-crash"
    severity = "error"
    reads = "both"
    precision = "very-high"


SYNTAX_ERROR = SyntaxErrorRule()
TEMPLATE_ERROR = TemplateErrorRule()
UNUSED_IGNORE = UnusedIgnoreRule()
UNKNOWN_IGNORE = UnknownIgnoreRule()
