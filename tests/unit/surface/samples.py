"""A report with one of everything, for the tests of the reporters."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from lambdalint.finding import Edit, Finding, Fix, FunctionId, Label, Role, Safety, Severity
from lambdalint.registry import load_registry
from lambdalint.report import Crash, FunctionLink, Report, Stats, Suppressed
from lambdalint.rule import RuleMeta
from lambdalint.source import SourceFile, Span

APP = SourceFile(
    PurePosixPath("src/my app/app.py"),
    'import json\nimport pymysql\n\ndb = pymysql.connect(host="h")  # 数据库\n\n\n'
    "def handler(event, context):\n"
    '\tdb.cursor().execute("SELECT 1")\n\treturn {"statusCode": 200}\n',
)
TEMPLATE = SourceFile(
    PurePosixPath("template.yaml"),
    "Resources:\n  Orders:\n    Type: AWS::Serverless::Function\n    Properties:\n"
    "      Handler: app.handler\n      Policies:\n        - Statement:\n            - Action: dynamodb:*\n",
)
ORDERS = FunctionId(TEMPLATE.path, "Orders")


def place(source: SourceFile, text: str) -> Span:
    """Where a text first stands in a source."""
    start = source.text.index(text)
    return Span(start, start + len(text))


def meta(name: str, severity: Severity, security_severity: str | None = None) -> RuleMeta:
    return RuleMeta(
        name=name,
        theme="init",
        severity=severity,
        reads="code",
        fix=None,
        default=True,
        quantifier="any",
        supersedes=(),
        options={},
        precision="high",
        security_severity=security_severity,
        doc=f"{name} does harm.\n\n**Why**\n\nBecause it\ndoes.\n\nMore.\n\n**References**\n\n"
        "- https://docs.aws.amazon.com/lambda/latest/dg/welcome.html\n",
        path=Path("rule.py"),
        module="rule",
        qualname="Rule",
    )


CONNECTION = Finding(
    rule="unguarded-connection",
    severity=Severity.WARNING,
    message="`db` is opened at init and nothing re-establishes it",
    labels=(
        Label(APP, place(APP, 'pymysql.connect(host="h")'), "opened when the environment starts"),
        Label(APP, place(APP, "db.cursor()"), "used [here](now) on every invocation", Role.RELATED),
        Label(TEMPLATE, place(TEMPLATE, "Orders"), "deployed by this function", Role.RELATED, ORDERS),
        Label(TEMPLATE, place(TEMPLATE, "Resources"), "", Role.HIDDEN),
    ),
    help="call `db.ping(reconnect=True)` in the handler",
    functions=(ORDERS,),
)
IMPORT = Finding(
    rule="unused-import",
    severity=Severity.INFO,
    message="`json` is imported and never used.",
    labels=(Label(APP, place(APP, "import json"), ""),),
    help="remove the import",
    fix=Fix("Remove the import", (Edit(APP, Span(0, 12), ""),), Safety.SAFE),
)
PERMISSION = Finding(
    rule="wildcard-permission",
    severity=Severity.ERROR,
    message="`dynamodb:*` allows\nevery action",
    labels=(Label(TEMPLATE, place(TEMPLATE, "dynamodb:*"), "allows 64 actions"),),
    help="grant this instead:\n- DynamoDBReadPolicy:\n    TableName: !Ref Table",
    fix=Fix(
        "Grant what the code needs",
        (
            Edit(TEMPLATE, place(TEMPLATE, "dynamodb:*"), "dynamodb:GetItem"),
            Edit(APP, Span(0, 0), "# é\n"),
        ),
        Safety.UNSAFE,
    ),
    functions=(ORDERS,),
)
SILENCED = Finding(
    rule="unused-import",
    severity=Severity.INFO,
    message="`pymysql` is imported and never used",
    labels=(Label(APP, place(APP, "import pymysql"), ""),),
)
BY_PATH = Finding(
    rule="unused-import",
    severity=Severity.INFO,
    message="`x` is imported and never used",
    labels=(Label(APP, Span(24, 24), ""),),
)
CRASH = Crash("broken-rule", "src/my app/app.py", "KeyError: 'x'")


def report(*, crashes: tuple[Crash, ...] = (CRASH,)) -> Report:
    rules = dict(load_registry().rules)
    for own in (
        meta("unguarded-connection", Severity.WARNING),
        meta("unused-import", Severity.INFO),
        meta("wildcard-permission", Severity.ERROR, "7.5"),
    ):
        rules[own.name] = own
    return Report(
        root=Path("root"),
        findings=(IMPORT, CONNECTION, PERMISSION),
        suppressed=(
            Suppressed(SILENCED, "inSource", "the driver registers"),
            Suppressed(BY_PATH, "per-path", "src/**"),
        ),
        crashes=crashes,
        links=(
            FunctionLink(
                TEMPLATE.path, "Orders", "src/my app/app.py:handler", None, ("async",), ("S3 event `Up`",)
            ),
            FunctionLink(TEMPLATE.path, "Other", None, "runtime", detail="nodejs22.x", runtime="nodejs22.x"),
        ),
        stats=Stats(2, 1, 0.1234, {"unused-import": 0.01}, {"rules": 0.1}, {"parameter without default": 3}),
        rules=rules,
    )
