"""Validates the SARIF of a folder of checkouts with Microsoft's SARIF Multitool, GitHub's rules included.

    npm install @microsoft/sarif-multitool        (anywhere; it brings a binary)
    python -m tests.ecosystem.sarif CHECKOUTS --multitool PATH-TO-BINARY

Exit 1 when it reports an error or a warning.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.ecosystem.checkouts import checkouts, lambdalint


def main() -> int:
    """Prints each repository with the number of errors and warnings."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkouts", type=Path)
    parser.add_argument("--multitool", type=Path, required=True)
    options = parser.parse_args()
    bad = 0
    for checkout in checkouts(options.checkouts):
        with tempfile.TemporaryDirectory() as temporary:
            report, verdict = Path(temporary, "report.sarif"), Path(temporary, "verdict.sarif")
            arguments = [f"--output-file={report}", "--output-format=sarif"]
            failure = lambdalint(checkout, arguments).failure
            if not report.exists():
                print(f"{checkout.name}: no report: {failure}")
                bad += 1
                continue
            command = [options.multitool, "validate", report, "--rule-kind", "Sarif;Ghas", "-o", verdict]
            subprocess.run([*map(str, command), "--log", "ForceOverwrite"], capture_output=True, check=False)
            results = json.loads(verdict.read_text(encoding="utf-8-sig"))["runs"][0].get("results", [])
            serious = [each for each in results if each.get("level", "warning") in ("error", "warning")]
            print(f"{checkout.name}: {len(serious)} errors and warnings")
            bad += len(serious)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
