#!/usr/bin/env python3
"""Puts what the program prints now into the example of README.md; with --check, fails when it differs."""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
EXAMPLE = re.compile(r"(?<=```\n)\$ wattlayer (estimate examples/[^\n]*)\n.*?(?=\n```)", re.S)


def main() -> int:
    path = ROOT / "README.md"
    text = path.read_text(encoding="utf-8")

    def printed(match: re.Match) -> str:
        command = [ROOT / "build" / "release" / "wattlayer", *match[1].split()]
        output = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
        return f"$ wattlayer {match[1]}\n{output.rstrip()}"

    fresh, count = EXAMPLE.subn(printed, text)
    if count == 0:
        print("README.md has no example that starts with: $ wattlayer estimate examples/")
        return 1
    if "--check" not in sys.argv[1:]:
        path.write_text(fresh, encoding="utf-8")
        return 0
    if fresh != text:
        print("README.md shows an old output; run tools/refresh_readme.py")
    return 1 if fresh != text else 0


if __name__ == "__main__":
    sys.exit(main())
