#!/usr/bin/env python3
"""What `wattlayer measure` costs: a command measured against the command alone, by turns, and the processor time of its own process.

The meter is a hwmon power sensor in a folder of files, read 50 times a second, so that sampling is part of the cost and no hardware is needed;
real sensors cost more per reading (an I2C bus most of a millisecond, NVML's energy counter milliseconds)."""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
WORK = "s = 0\nfor i in range({}): s += i * i"


def sensor_tree(folder: pathlib.Path):
    """A chip that averages power over 40 ms: the fastest that is polled."""
    chip = folder / "sys/class/hwmon/hwmon0"
    chip.mkdir(parents=True)
    for name, text in {"name": "sensor", "power1_average": "20000000", "power1_average_interval": "40", "power1_label": "board"}.items():
        (chip / name).write_text(text + "\n")


def timed(command: list) -> tuple:
    """Seconds of a process from start to end, and processor seconds of it and of what it waited for."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    errors = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"failed: {' '.join(map(str, command))}\n{errors.decode()}")
    return time.perf_counter() - start, usage.ru_utime + usage.ru_stime


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", default=ROOT / "build" / "release" / "wattlayer")
    parser.add_argument("--repetitions", type=int, default=15)
    parser.add_argument("--loops", type=int, default=8_000_000, help="length of the workload")
    parser.add_argument("--sleep", type=float, default=20, help="seconds of a command that does nothing, for the processor time of sampling")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        sensor_tree(pathlib.Path(folder))
        work = [sys.executable, "-c", WORK.format(arguments.loops)]
        metered = [arguments.program, "measure", "--root", folder, "--meter", "hwmon:sensor.board", "--idle", "0", "--"]
        commands = {"alone": work, "metered": metered + work, "timed": [arguments.program, "measure", "--meter", "none", "--"] + work}
        samples = {who: [] for who in commands}
        for turn in range(arguments.repetitions + 1):  # the first turn warms the page cache and does not count
            for who, command in commands.items():
                sample = timed(command)
                if turn:
                    samples[who].append(sample)
        medians = {who: statistics.median(s for s, _ in values) for who, values in samples.items()}
        processors = {who: statistics.median(p for _, p in values) for who, values in samples.items()}
        fastest = {who: min(s for s, _ in values) for who, values in samples.items()}
        seconds, processor = timed(metered + ["sleep", str(arguments.sleep)])
        _, short = timed(metered + ["sleep", "0.1"])
    result = {"schema": 1, "repetitions": arguments.repetitions, "alone_s": medians["alone"], "metered_s": medians["metered"],
              "ratio_of_medians": medians["metered"] / medians["alone"], "ratio_of_minima": fastest["metered"] / fastest["alone"],
              "ratio_of_processor_time": processors["metered"] / processors["alone"],
              "ratio_without_meter": medians["timed"] / medians["alone"], "own_processor_s": short, "sampling_hz": 50,
              "processor_share_of_sampling": (processor - short) / (seconds - 0.1)}
    if arguments.json:
        print(json.dumps(result, indent=1))
        return
    print(f"command alone {medians['alone'] * 1e3:.0f} ms, metered {medians['metered'] * 1e3:.0f} ms, medians of {arguments.repetitions}: "
          f"ratio {result['ratio_of_medians']:.4f} (of minima {result['ratio_of_minima']:.4f}, of processor time {result['ratio_of_processor_time']:.4f}; "
          f"without a meter {result['ratio_without_meter']:.4f})")
    print(f"a metered command of 0.1 s that does nothing takes {short * 1e3:.1f} ms of processor")
    print(f"sampling 50 times a second takes {100 * result['processor_share_of_sampling']:.3f} % of a core")


if __name__ == "__main__":
    sys.exit(main())
