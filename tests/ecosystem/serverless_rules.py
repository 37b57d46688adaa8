"""Runs lambdalint over the templates that awslabs/serverless-rules tests its own rules with.

    python -m tests.ecosystem.serverless_rules SERVERLESS_RULES

Give it a checkout; nothing of it is kept here. Templates are named `<rule>[-<case>].fail.yaml`, on which the
peer wants a finding of that rule, or `.pass.yaml`, on which it wants none. PEERS.md accounts for the rest.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

TEMPLATES = Path("cfn-lint-serverless/tests/templates")
# Ours that cover each rule of theirs; none where we claim nothing of the kind.
OURS = {
    "ES1001": "stream-without-failure-destination",
    "ES1005": "default-memory",
    "ES1006": "default-timeout",
    "ES1007": "missing-failure-destination",
    "ES2000": "",
    "ES2003": "",
    "ES4000": "rule-target-without-dlq",
    "ES6000": "queue-without-dlq",
    "ES7000": "subscription-without-dlq",
    "WS1000": "no-tracing",
    "WS1002": "",
    "WS1003": "wildcard-permission",
    "WS1004": "log-retention",
    "WS2001": "",
    "WS2002": "no-tracing",
    "WS3000": "",
    "WS5000": "no-tracing",
}


def main() -> int:
    """Prints for each template whether both agree, and what we say of it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkout", type=Path)
    folder = parser.parse_args().checkout / TEMPLATES
    for path in sorted(folder.glob("*.yaml")):
        name, mode, _ = path.name.split(".")
        theirs = name.partition("-")[0].upper()
        rule = OURS[theirs]
        if not rule:
            print(f"{theirs} {path.name}: no rule of ours")
            continue
        found = _lint(path, rule)
        agree = bool(found) == (mode == "fail")
        print(f"{theirs} {path.name}: {'both agree' if agree else 'only ours' if found else 'only theirs'}")
        for line in found if not agree or len(found) > 1 else ():
            print(f"    {line}")
    return 0


def _lint(path: Path, rule: str) -> list[str]:
    """What our rule says of a template."""
    with tempfile.TemporaryDirectory() as temporary:
        shutil.copy(path, Path(temporary, "template.yaml"))
        command = [
            *(sys.executable, "-m", "lambdalint", "check", "--exit-zero", "--no-cache", "--isolated"),
            *("--pedantic", "--select", rule, "--output-format", "json", "--root", temporary, temporary),
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    findings = json.loads(done.stdout)["findings"]
    return [f"{each['start']['line']}: {each['message']}" for each in findings if each["rule"] == rule]


if __name__ == "__main__":
    sys.exit(main())
