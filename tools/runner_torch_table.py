#!/usr/bin/env python3
"""Runs every example of the operator catalogue through wattlayer-runner-torch and writes docs/runner_torch.md.

    tools/runner_torch_table.py build/release/runner_request --runner build/runner-torch/wattlayer-runner-torch [--runner ...] > docs/runner_torch.md
    tools/runner_torch_table.py build/release/runner_request --fresh docs/runner_torch.md
    tools/runner_torch_table.py build/release/runner_request --runner ... --verify

One column for each runner given (they may be built against different versions). --fresh compares the page's operators and calls with
the catalogue, without a runner. --verify prints no page; exit status 1 when an example fails that the runner does not call unsupported.
"""
import argparse
import json
import pathlib
import re
import subprocess
import sys
import tempfile

from torch_runner import Failed, Runner

HEAD = """# Operators that wattlayer-runner-torch runs

<!-- Written by tools/runner_torch_table.py: do not edit. -->

Every operator of the catalogue ([operators.md](operators.md)) that has an ATen counterpart, the call that does its work, and how many of
its examples ran, with the shapes that the catalogue gives, on each version of libtorch.

"""


def run_example(runner, row):
    """Nothing when it ran with our shapes, else (kind, why)."""
    if "call" not in row["request"]["nodes"][0]:
        return "unsupported", row["request"]["nodes"][0].get("no_call", "no call")
    handle = None
    try:
        handle = runner.ask(do="prepare", **row["request"])["handle"]
        seconds = runner.ask(do="run", handle=handle, passes=2)["seconds"]
        with tempfile.TemporaryDirectory() as folder:
            found = runner.ask(do="outputs", handle=handle, folder=folder)["outputs"]
    except Failed as failure:
        return failure.kind, str(failure)
    finally:
        if handle is not None:
            runner.ask(do="release", handle=handle)
    wanted = [o for o in row["outputs"] if o]
    wrong = [f"shape {f['shape']}, expected {w['shape']}" for f, w in zip(found, wanted) if f["shape"] != w["shape"]]
    return ("failed", wrong[0]) if wrong else ("failed", "took no time") if seconds <= 0 else None


def read_examples(program):
    lines = subprocess.run([program, "--examples"], check=True, capture_output=True, text=True).stdout.splitlines()
    return [row for row in map(json.loads, lines) if row["aten"]]


def by_operator(rows):
    operators = {}
    for row in rows:
        operators.setdefault(row["operator"], []).append(row)
    return operators


def key(cells):
    return tuple(cell.strip(" `") for cell in cells[:2])


def page_is_fresh(page, rows):
    wanted = {(name, examples[0]["aten"]) for name, examples in by_operator(rows).items()}
    lines = pathlib.Path(page).read_text(encoding="utf-8").splitlines()
    found = {key(line.strip("|").split("|")) for line in lines if re.match(r"\| `", line)}
    for name, aten in sorted(wanted ^ found):
        print(f"{page} is stale: {name} {aten} is {'missing' if (name, aten) in wanted else 'no longer so'}")
    return wanted == found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runner_request", help="the program of this name")
    parser.add_argument("--runner", action="append", default=[], help="a runner's program")
    parser.add_argument("--fresh", help="page to compare with the catalogue")
    parser.add_argument("--verify", action="store_true")
    options = parser.parse_args()
    rows = read_examples(options.runner_request)
    if options.fresh:
        return 0 if page_is_fresh(options.fresh, rows) else 1
    runners = [Runner([program]) for program in options.runner]
    results = [{row["layer"]: run_example(runner, row) if "request" in row else ("unsupported", row["reason"]) for row in rows} for runner in runners]
    failures = [(runner, row, result[row["layer"]]) for runner, result in zip(runners, results) for row in rows if result[row["layer"]]]
    for runner, row, (kind, why) in failures:
        print(f"{runner.info['version']}: {kind}: {row['layer']}: {why}", file=sys.stderr)
    if options.verify:
        for runner, result in zip(runners, results):
            print(f"libtorch {runner.info['version']}: {sum(r is None for r in result.values())} of {len(result)} examples run with our shapes")
        return 1 if any(kind != "unsupported" for _, _, (kind, _) in failures) else 0
    versions = [runner.info["version"].split("+")[0] for runner in runners]
    sys.stdout.write(HEAD)
    print("| operator | call | " + " | ".join(versions) + " |\n|---|---|" + "---|" * len(versions))
    for name, examples in by_operator(rows).items():
        cells = [f"{sum(result[e['layer']] is None for e in examples)} of {len(examples)}" for result in results]
        print(f"| `{name}` | `{examples[0]['aten']}` | " + " | ".join(cells) + " |")
    print("\n## Why not\n")
    for runner, row, (_, why) in failures:
        print(f"* {runner.info['version'].split('+')[0]}: `{row['layer']}`: {' '.join(why.split()).removeprefix(row['layer']).removeprefix(' dtype=f32').removeprefix(': ')[:200]}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
