"""Runs lambdalint over a folder of checkouts and sets what it says against what was read by hand.

    python -m tests.ecosystem.run CHECKOUTS [--only RULE] [--review DIR] [--jobs N]

Prints a table by repository, the findings by rule with the verdicts known so far, and the Unknown rates by
reason. With `--review DIR` it writes, for each rule, the findings that still lack a verdict (sixty drawn with
a fixed seed where there are more), each with the source around it, ready to be read.

`verdicts/<rule>.tsv` keep the verdicts: repository, commit, rule, path, fingerprint, "right" or "wrong", and
a note.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tests.ecosystem.checkouts import Outcome, checkouts, lambdalint

VERDICTS = Path(__file__).with_name("verdicts")
SAMPLE = 60
SEED = 20_261_124
CONTEXT_LINES = 6

Finding = dict[str, Any]


def main() -> int:
    """Runs it all; exit 1 when a run failed or a rule crashed."""
    options = _options()
    arguments = [f"--select={','.join(options.only)}"] if options.only else []
    if options.pedantic:
        arguments.append("--pedantic")
    with ThreadPoolExecutor(options.jobs) as pool:
        outcomes = list(
            pool.map(lambda checkout: lambdalint(checkout, arguments), checkouts(options.checkouts))
        )
    if options.reports:
        options.reports.mkdir(parents=True, exist_ok=True)
        for outcome in outcomes:
            text = json.dumps(outcome.report, indent=1)
            (options.reports / f"{outcome.checkout.folder.name}.json").write_text(text, encoding="utf-8")
    verdicts = read_verdicts(VERDICTS)
    failed = _print_repositories(outcomes)
    _print_rules(outcomes, verdicts)
    _print_unknown(outcomes)
    if options.review:
        _write_review(outcomes, verdicts, options.review)
    return 1 if failed else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkouts", type=Path)
    parser.add_argument("--only", action="append", default=[], metavar="RULE")
    parser.add_argument("--pedantic", action="store_true")
    parser.add_argument("--review", type=Path, metavar="DIR")
    parser.add_argument("--reports", type=Path, metavar="DIR", help="keep each repository's JSON report")
    parser.add_argument("--jobs", type=int, default=2)
    return parser.parse_args()


def read_verdicts(folder: Path) -> dict[tuple[str, str], str]:
    """(repository, fingerprint) → "right" or "wrong"."""
    lines = (
        line
        for path in sorted(folder.glob("*.tsv"))
        for line in path.read_text(encoding="utf-8").splitlines()[1:]
    )
    rows = (line.split("\t") for line in lines if line.strip())
    return {(row[0], row[4]): row[5] for row in rows}


def _print_repositories(outcomes: Iterable[Outcome]) -> int:
    failed = 0
    print(f"{'repository':58} {'files':>6} {'apps':>5} {'funcs':>6} {'linked':>6} {'finds':>6} {'s':>7}")
    for outcome in outcomes:
        name = outcome.checkout.name
        if outcome.failure:
            failed += 1
            print(f"{name:58} FAILED {outcome.failure}")
            continue
        report = outcome.report
        functions = report["functions"]
        linked = sum(1 for function in functions if function["handler"])
        print(
            f"{name:58} {report['stats']['files']:6} {report['stats']['applications']:5} {len(functions):6} "
            f"{linked:6} {len(report['findings']):6} {outcome.seconds:7.1f}"
        )
        for crash in report["crashes"]:
            failed += 1
            print(f"    crash: {crash['rule']} {crash['path']}: {crash['error']}")
    return failed


def _print_rules(outcomes: Iterable[Outcome], verdicts: dict[tuple[str, str], str]) -> None:
    found: Counter[str] = Counter()
    repositories: defaultdict[str, set[str]] = defaultdict(set)
    judged: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for name, finding in _findings(outcomes):
        found[finding["rule"]] += 1
        repositories[finding["rule"]].add(name)
        verdict = verdicts.get((name, finding["fingerprint"]))
        if verdict:
            judged[finding["rule"]][verdict] += 1
    print(f"\n{'rule':32} {'findings':>8} {'repos':>6} {'read':>5} {'right':>6} {'wrong':>6}  right of read")
    for rule in sorted(found):
        right, wrong = judged[rule]["right"], judged[rule]["wrong"]
        read = right + wrong
        share = f"{right / read:.0%}" if read >= 20 else "too few to say" if read else ""
        print(f"{rule:32} {found[rule]:8} {len(repositories[rule]):6} {read:5} {right:6} {wrong:6}  {share}")


def _print_unknown(outcomes: Iterable[Outcome]) -> None:
    reasons: Counter[str] = Counter()
    linked = total = 0
    modes: Counter[str] = Counter()
    unknown: Counter[str] = Counter()
    for outcome in outcomes:
        for function in outcome.report.get("functions", ()):
            total += 1
            if function["handler"]:
                linked += 1
            else:
                reasons[function["reason"] or "?"] += 1
            modes.update(function["modes"] or ["no trigger"])
        unknown.update(outcome.report.get("stats", {}).get("unknown", {}))
    print(f"\nfunctions: {total}, linked to their handler: {linked}")
    for reason, count in reasons.most_common():
        print(f"    {count:6}  {reason}")
    print("modes of invocation")
    for mode, count in modes.most_common():
        print(f"    {count:6}  {mode}")
    print("Unknown by reason")
    for reason, count in unknown.most_common():
        print(f"    {count:6}  {reason}")


def _write_review(outcomes: Iterable[Outcome], verdicts: dict[tuple[str, str], str], directory: Path) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    folders = {outcome.checkout.name: outcome.checkout for outcome in outcomes}
    unread: defaultdict[str, list[tuple[str, Finding]]] = defaultdict(list)
    for name, finding in _findings(outcomes):
        if (name, finding["fingerprint"]) not in verdicts:
            unread[finding["rule"]].append((name, finding))
    for rule, rows in unread.items():
        chosen = rows if len(rows) <= SAMPLE else random.Random(SEED).sample(rows, SAMPLE)
        with (directory / f"{rule}.md").open("w", encoding="utf-8") as sheet:
            sheet.write(f"# {rule}: {len(chosen)} of {len(rows)} findings\n")
            for name, finding in chosen:
                checkout = folders[name]
                sheet.write(
                    f"\n## {name}\t{checkout.commit}\t{rule}\t{finding['path']}\t{finding['fingerprint']}\n"
                )
                sheet.write(f"{finding['severity']}: {finding['message']}\n{finding['help']}\n")
                for place in (finding, *finding["labels"]):
                    sheet.write(f"\n{place['path']}:{place['start']['line']} {place['message']}\n")
                    sheet.write(_excerpt(checkout.folder / place["path"], place["start"]["line"]))
                if finding["fix"]:
                    sheet.write(f"\nfix ({finding['fix']['safety']}): {finding['fix']['title']}\n")
                    for edit in finding["fix"]["edits"]:
                        sheet.write(f"    {edit['path']}:{edit['start']['line']} → {edit['replacement']!r}\n")


def _excerpt(path: Path, line: int) -> str:
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    first = max(1, line - CONTEXT_LINES)
    rows = lines[first - 1 : line + CONTEXT_LINES]
    return "".join(
        f"{'>' if number == line else ' '}{number:5} {text[:160]}\n"
        for number, text in enumerate(rows, first)
    )


def _findings(outcomes: Iterable[Outcome]) -> Iterable[tuple[str, Finding]]:
    for outcome in outcomes:
        for finding in outcome.report.get("findings", ()):
            yield outcome.checkout.name, finding


if __name__ == "__main__":
    sys.exit(main())
