#!/usr/bin/env python3
"""Scores every cell of NAS-Bench-201 at three inputs (46,875 networks) on one core, beside scikit-learn's random forest of 100 trees.

Like with like is `add up` (the library, given the layers of each network) against the forest, given its features (operations of
the edges, task, MACs, parameters). The whole command `wattlayer estimate --list` builds the networks from text besides. The forest
is fitted on our estimates of every eighth network, outside the time. Target: the whole command within 2 s of processor.
"""
import argparse
import csv
import itertools
import json
import os
import pathlib
import statistics
import subprocess
import sys

from whole_command import FOLDER, ROOT, python_with_packages, timed

OPERATIONS = ["none", "skip_connect", "avg_pool_3x3", "nor_conv_1x1", "nor_conv_3x3"]
TASKS = ["cifar100", "ninapro", "darcy"]
EDGES = [0, 0, 1, 0, 1, 2]  # source of each edge

# Features of a network: one of five for each of six edges, one of three tasks, MACs, parameters.
FOREST = r'''
import csv, json, sys, time, numpy as np
from sklearn.ensemble import RandomForestRegressor
rows = list(csv.DictReader(open(sys.argv[1])))
operations, tasks = json.loads(sys.argv[2]), json.loads(sys.argv[3])
def features(row):
    cell, task = row["network"].split("cell=")[1].split("&task=")
    edges = [edge.split("~")[0] for edge in cell.split("/")]
    return [float(e == o) for e in edges for o in operations] + [float(task == t) for t in tasks] + [float(row["macs"]), float(row["parameters"])]
x = np.array([features(r) for r in rows]); y = np.log([float(r["energy_j"]) for r in rows])
forest = RandomForestRegressor(100, random_state=1, n_jobs=1).fit(x[::8], y[::8])
forest.predict(x)
for line in sys.stdin:
    start, processor = time.perf_counter(), time.process_time()
    z = forest.predict(x)
    print(json.dumps([time.perf_counter() - start, time.process_time() - processor, float(np.median(np.abs(np.expm1(z - y))))]), flush=True)
'''


def networks():
    for operations in itertools.product(OPERATIONS, repeat=6):
        cell = "/".join(f"{o}~{source}" for o, source in zip(operations, EDGES))
        for task in TASKS:
            yield f"net:nas_bench_201?cell={cell}&task={task}"


def added_up(library) -> float:
    """Processor seconds of the library for the sums alone."""
    command = [library, "--benchmark_filter=add_up_every_cell", "--benchmark_format=json", "--benchmark_min_time=0.1"]
    result = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)["benchmarks"][0]
    return result["cpu_time"] / 1e3


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", default=ROOT / "build" / "release" / "wattlayer")
    parser.add_argument("--library", default=ROOT / "build" / "release" / "wattlayer_benchmarks")
    parser.add_argument("--on", default="jetson-nano/tensorrt")
    parser.add_argument("--repetitions", type=int, default=7)
    parser.add_argument("--wheels", default="", help="folder with wheels, for machines without a network")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    FOLDER.mkdir(parents=True, exist_ok=True)
    python = python_with_packages(arguments.wheels)
    names, scores = FOLDER / "cells.txt", FOLDER / "cells.csv"
    names.write_text("\n".join(networks()) + "\n")
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})  # one core for both
    command = [arguments.program, "estimate", "--list", names, "--on", arguments.on, "--csv", "-o", scores]
    timed(command)
    forest = subprocess.Popen([python, "-c", FOREST, scores, json.dumps(OPERATIONS), json.dumps(TASKS)], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, text=True)
    ours, added, theirs, error = [], [], [], 0
    for _ in range(arguments.repetitions):
        ours.append(timed(command))
        added.append(added_up(arguments.library))
        forest.stdin.write("\n")
        forest.stdin.flush()
        *sample, error = json.loads(forest.stdout.readline())
        theirs.append(sample)
    forest.stdin.close()
    with open(scores) as file:
        count = sum(1 for _ in csv.reader(file)) - 1
    row = {"networks": count, "wattlayer_s": statistics.median(v[0] for v in ours), "wattlayer_processor_s": statistics.median(v[1] for v in ours),
           "add_up_processor_s": statistics.median(added),
           "forest_s": statistics.median(v[0] for v in theirs), "forest_processor_s": statistics.median(v[1] for v in theirs),
           "forest_median_error": error}
    row["ratio"] = row["forest_processor_s"] / row["add_up_processor_s"]
    if arguments.json:
        print(json.dumps({"schema": 1, "rows": [row]}, indent=1))
        return
    print(f"{count} networks on one core, processor time: random forest {row['forest_processor_s']:.3f} s with features given; "
          f"wattlayer {row['add_up_processor_s']:.3f} s with layers given ({row['ratio']:.1f} times faster), "
          f"{row['wattlayer_processor_s']:.2f} s from text to CSV as a whole command ({row['wattlayer_s']:.2f} s elapsed)")


if __name__ == "__main__":
    sys.exit(main())
