#!/usr/bin/env python3
"""Runs the commands that docs/start.md and docs/faq.md name and holds them to the figures beside them: docs_commands_test.py SOURCE PROGRAM"""
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

SOURCE, PROGRAM = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
# What asks for a device, a file of the reader's, or time that a test does not have.
NOT_HERE = re.compile(r"--runner torch|my_|COMMAND|FILE|\bID\b|--probe|sleep 2|\| man|\$\(|constant|NETWORK")


def commands(page: str):
    for block in re.findall(r"^```\n(.*?)^```", (SOURCE / "docs" / page).read_text(), re.M | re.S):
        for line in block.splitlines():
            if line.startswith("wattlayer "):
                command, _, comment = line.partition("  #")
                yield command.strip(), comment.strip()


def check(command: str, comment: str, folder: pathlib.Path) -> list[str]:
    words = shlex.split(command)
    done = subprocess.run([PROGRAM, *words[1:]], cwd=folder, capture_output=True, text=True, timeout=300, stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        return [f"{command}: exit status {done.returncode}: {done.stderr.strip()}"]
    figures = re.match(r"([\d.]+) mJ, ([\d.]+) pJ per FLOP", comment)
    if not figures:
        return []
    done = subprocess.run([PROGRAM, *words[1:], "--json"], cwd=folder, capture_output=True, text=True, check=True)
    estimate = json.loads(done.stdout)["estimates"][0]
    joules = estimate["energy_j"]["value"]
    found = joules * 1e3, joules / (2 * estimate["macs"]) * 1e12
    return [f"{command}: the page says {figures[0]}, the program {found[0]:.3g} mJ, {found[1]:.3g} pJ per FLOP"
            for said, is_now in zip(figures.groups(), found) if abs(is_now / float(said) - 1) > 0.1]


with tempfile.TemporaryDirectory() as name:
    folder = pathlib.Path(name)
    shutil.copytree(SOURCE / "examples", folder / "examples")
    os.environ["COLUMNS"] = "120"
    ran, faults = 0, []
    for page in ("start.md", "faq.md"):
        for command, comment in commands(page):
            if NOT_HERE.search(command) or command == "wattlayer check":
                continue
            faults += [f"docs/{page}: {fault}" for fault in check(command, comment, folder)]
            ran += 1
print("\n".join(faults) if faults else f"{ran} commands of the pages do what they say")
sys.exit(1 if faults or ran < 15 else 0)
