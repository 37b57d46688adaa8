"""Runs lambdalint over the test cases of tools that claim some of the same, and sets the two side by side.

    python -m tests.ecosystem.peers SONAR_PYTHON SEMGREP_RULES

Give it checkouts of SonarSource/sonar-python and semgrep/semgrep-rules; nothing of them is kept here. Each
case is copied to a temporary folder and linted there with the rules that cover what it is about. What peers
claim of any Python is put where it runs in Lambda: a handler that names the file's functions is appended.
Both agree on a line that lies within what a finding of ours points at. PEERS.md accounts for the others.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SONAR = Path("python-checks/src/test/resources/checks")
SEMGREP = Path("python")


@dataclass(frozen=True)
class Case:
    """A peer's file of cases. `rules` are ours that cover it; none where we claim nothing of the kind.

    `anywhere` says that the peer means any code, in Lambda or not; `handler` is the function that the peer's
    own test names as one. `replaced` is what we leave alone (placeholders, calls whose answer
    nothing uses), and what is put in its place.
    """

    peer: str
    path: Path
    claim: str
    rules: tuple[str, ...] = ()
    anywhere: bool = False
    handler: str = ""
    replaced: tuple[tuple[str, str], ...] = ()


# Of the structure of real keys, where the cases have AWS's own examples and letters x.
_KEY = "AKIA" + "Q7TVK3M5XWJ2RNBZ"
_SECRET = "q8Zr3Lw0Vb" + "N6tY2kPd7Hs4" + "Jx1Gm9Cf5EuAaQoRiT"
_EXAMPLES = (
    ("AKIAIOSFODNN7EXAMPLE", _KEY),
    ("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLE", _SECRET),
    ("jWnyxxxxxxxxxxxxxxxxX7ZQxxxxxxxxxxxxxxxx", _SECRET),
    ("AKIAxxxxxxxxxxxxxxxx", _KEY),
)
# Cases that do nothing with what they read: with the least that code would do with it.
_ITEMS = (
    (
        'response = s3.list_objects_v2(Bucket="my-bucket")',
        'print([each["Key"] for each in s3.list_objects_v2(Bucket="my-bucket")["Contents"]])',
    ),
    (
        'response = dynamodb.scan(TableName="table")',
        'print([each["id"] for each in dynamodb.scan(TableName="table")["Items"]])',
    ),
)
_POLL = (
    ("import boto3", "import time, boto3"),
    ("'s3'", "'ec2'"),
    (
        "client.describe_instances()  # Noncompliant",
        "client.describe_instances()  # Noncompliant\n"
        "        if response['Reservations'][0]['Instances'][0]['State']['Name'] == 'running':\n"
        "            break\n"
        "        time.sleep(5)",
    ),
)

CASES = (
    Case(
        "sonar",
        SONAR / "asyncAwsLambdaHandler.py",
        "S7614",
        ("async-handler",),
        handler="async_lambda_handler",
    ),
    Case("sonar", SONAR / "awsHardcodedRegion.py", "S6262", ("hardcoded-config",), anywhere=True),
    Case(
        "sonar",
        SONAR / "awsLambdaClientInstantiation.py",
        "S6243",
        ("client-per-invocation", "connection-per-invocation"),
    ),
    Case("sonar", SONAR / "awsLambdaCrossCall.py", "S6246", ("lambda-calls-lambda", "ignored-response")),
    Case("sonar", SONAR / "awsLambdaReservedEnvironmentVariable.py", "S7617", ("reserved-env-var",)),
    Case("sonar", SONAR / "awsLambdaTmpCleanup.py", "S7620", ("leftover-tmp",)),
    Case("sonar", SONAR / "awsLongTermAccessKeys.py", "S7625", ("hardcoded-secret",), anywhere=True),
    Case(
        "sonar",
        SONAR / "awsLongTermAccessKeys.py",
        "S7625, real keys",
        ("hardcoded-secret",),
        anywhere=True,
        replaced=_EXAMPLES,
    ),
    Case("sonar", SONAR / "awsMissingPagination.py", "S7622", ("unpaginated-read",), anywhere=True),
    Case(
        "sonar",
        SONAR / "awsMissingPagination.py",
        "S7622, items read",
        ("unpaginated-read",),
        anywhere=True,
        replaced=_ITEMS,
    ),
    Case("sonar", SONAR / "awsWaitersInsteadOfCustomPolling.py", "S7621", ("waiting-in-handler",)),
    Case(
        "sonar",
        SONAR / "awsWaitersInsteadOfCustomPolling.py",
        "S7621, asks",
        ("waiting-in-handler",),
        replaced=_POLL,
    ),
    Case("sonar", SONAR / "awslambdaReturnValueAreSerializable.py", "S7613", ("unserializable-return",)),
    Case(
        "sonar",
        SONAR / "networkCallsWithoutTimeoutsInLambda" / "with_lambda_handler.py",
        "S7618",
        ("missing-timeout",),
    ),
    Case(
        "sonar",
        SONAR / "networkCallsWithoutTimeoutsInLambda" / "without_lambda_handler.py",
        "S7618",
        ("missing-timeout",),
    ),
    Case("sonar", SONAR / "awsClientExceptionNotCaught.py", "S7619"),
    Case("sonar", SONAR / "awsCustomMetricNamespace.py", "S7609"),
    Case("sonar", SONAR / "awsExpectedBucketOwner.py", "S7608"),
    Case(
        "semgrep",
        SEMGREP / "boto3/security/hardcoded-token.py",
        "hardcoded-token",
        ("hardcoded-secret",),
        anywhere=True,
    ),
    Case(
        "semgrep",
        SEMGREP / "boto3/security/hardcoded-token.py",
        "…, real keys",
        ("hardcoded-secret",),
        anywhere=True,
        replaced=_EXAMPLES,
    ),
)
_SONAR_MARK = re.compile(r"#\s*Noncompliant(?:@([+-]\d+))?")
_SEMGREP_MARK = re.compile(r"#\s*(?:todo)?(ruleid|ok)\s*:")


def main() -> int:
    """Prints for each case where both agree, and each line on which only one speaks."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sonar", type=Path)
    parser.add_argument("semgrep", type=Path)
    options = parser.parse_args()
    roots = {"sonar": options.sonar, "semgrep": options.semgrep}
    for case in CASES:
        path = roots[case.peer] / case.path
        text = path.read_text(encoding="utf-8")
        for placeholder, real in case.replaced:
            text = text.replace(placeholder, real)
        theirs = set(_marks(case.peer, text))
        if not case.rules:
            print(f"{case.claim:16} {path.name}: {len(theirs)} positives, no rule of ours")
            continue
        ours = _lint(case, text)
        both = {number for number in theirs if any(number in lines for places in ours for lines in places)}
        more = [places[0] for places in ours if all(theirs.isdisjoint(lines) for lines in places)]
        print(
            f"{case.claim:16} {path.name}: both {len(both)}, only theirs {len(theirs - both)}, "
            f"only ours {len(more)}"
        )
        written = text.splitlines()
        alone = [(number, "theirs") for number in theirs - both] + [(lines.start, "ours") for lines in more]
        for number, who in sorted(alone):
            print(f"    {who:6} {number:4} {written[number - 1].strip()[:100]}")
    others = sorted((options.semgrep / SEMGREP / "aws-lambda").rglob("*.py"))
    positives = sum(len(set(_marks("semgrep", path.read_text(encoding="utf-8")))) for path in others)
    print(f"{'aws-lambda/*':16} {len(others)} files of semgrep: {positives} positives, no rule of ours")
    return 0


def _marks(peer: str, text: str) -> Iterator[int]:
    """The lines on which a peer's cases want a finding."""
    lines = text.splitlines()
    for number, line in enumerate(lines, 1):
        if peer == "sonar":
            found = _SONAR_MARK.search(line)
            if found is not None:
                yield number + int(found[1] or 0)
        else:
            found = _SEMGREP_MARK.search(line)
            if found is not None and found[1] == "ruleid":
                yield number + 1


def _lint(case: Case, text: str) -> list[list[range]]:
    """For each finding of ours, the lines of the case that it points at, the primary's first."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary, "cases")
        folder.mkdir()
        (folder / "app.py").write_text(text + (_naming(text) if case.anywhere else ""), encoding="utf-8")
        if case.handler:
            (folder / "template.yaml").write_text(_TEMPLATE.format(case.handler), encoding="utf-8")
        command = [
            *(sys.executable, "-m", "lambdalint", "check", "--exit-zero", "--no-cache", "--isolated"),
            *("--pedantic", "--select", ",".join(case.rules), "--output-format", "json"),
            *("--root", temporary, temporary),
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if not done.stdout:
        print(f"    {done.stderr.strip().splitlines()[-1] if done.stderr else 'no output'}")
        return []
    findings = json.loads(done.stdout)["findings"]
    return [
        [
            range(place["start"]["line"], place["end"]["line"] + 1)
            for place in (finding, *finding["labels"])
            if place["path"].endswith("app.py")
        ]
        for finding in findings
        if finding["rule"] in case.rules and finding["path"].endswith("app.py")
    ]


_TEMPLATE = """\
Transform: AWS::Serverless-2016-10-31
Resources:
  Case:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.13
      Handler: app.{}
      CodeUri: .
"""


def _naming(text: str) -> str:
    """A handler that names every function of a file, so that all of them may run."""
    names = ", ".join(re.findall(r"^(?:async )?def (\w+)", text, re.MULTILINE))
    return f"\n\ndef lambda_handler(event, context):\n    return len([{names}])\n"


if __name__ == "__main__":
    sys.exit(main())
