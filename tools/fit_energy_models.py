#!/usr/bin/env python3
"""Fits every energy model that ships, and the priors of devices, from the public data sets below a folder.

tools/fit_energy_models.py DATA [--program build/release/wattlayer] [--only DATASET] [--least 25] [--priors]
"""
import argparse
import json
import pathlib
import sqlite3
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent


def run(*command):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if done.returncode != 0:
        print(f"{' '.join(str(part) for part in command[1:4])}: {done.stderr.strip().splitlines()[-1]}", file=sys.stderr)
    return done.returncode == 0


def targets(store):
    """(hardware, engine, data type, scope) of the rows with an energy, with their number."""
    with sqlite3.connect(store) as db:
        return db.execute("select hardware, engine, dtype, scope, count(*) from measurement where energy_j is not null "
                          "group by 1, 2, 3, 4 order by 1, 2, 3, 5 desc").fetchall()


def habitual_scope(hardware):
    return json.loads((ROOT / "hardware" / f"{hardware}.json").read_text())["scope"]


def fit_dataset(program, folder, least, fitted):
    """Every energy model that a data set has rows for and no earlier one had; of several scopes that of the hardware."""
    with tempfile.TemporaryDirectory() as scratch:
        store = pathlib.Path(scratch) / "rows.db"
        if not run(program, "import", folder.name, "--dir", folder, "--db", store):
            return
        found = sorted(targets(store), key=lambda row: row[3] != habitual_scope(row[0]))
        for hardware, engine, dtype, scope, rows in found:
            if rows < least or (hardware, engine, dtype) in fitted:
                continue
            fitted.add((hardware, engine, dtype))
            output = ROOT / "energy_models" / f"{hardware}--{engine}--{dtype}.wlm"
            if run(program, "fit", "--db", store, "--hardware", hardware, "--engine", engine, "--dtype", dtype, "--scope", scope,
                   "-o", output):
                print(f"{output.name}: {rows} rows of {folder.name}, {output.stat().st_size // 1024} KiB", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=pathlib.Path)
    parser.add_argument("--program", type=pathlib.Path, default=ROOT / "build/release/wattlayer")
    parser.add_argument("--only", help="one data set")
    parser.add_argument("--least", type=int, default=25, help="rows that an energy model needs")
    parser.add_argument("--priors", action="store_true", help="only what devices have in common")
    options = parser.parse_args()
    fitted = set()
    if not options.priors:
        for description in sorted((ROOT / "datasets").glob("*.json")):
            folder = options.data / description.stem
            if folder.is_dir() and options.only in (None, description.stem):
                fit_dataset(options.program, folder, options.least, fitted)
    if options.only is None:
        for kind in ("gpu", "processor"):
            output = ROOT / "energy_models" / f"{kind}.prior"
            if run(options.program, "fit", "--devices", kind, "--data", options.data, "-o", output):
                print(f"{output.name}: {output.stat().st_size // 1024} KiB", flush=True)


if __name__ == "__main__":
    main()
