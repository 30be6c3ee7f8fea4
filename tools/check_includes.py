#!/usr/bin/env python3
"""The include rule of docs/architecture.md, section 2: which folder may include which, and who owns a third-party header."""
import pathlib
import re
import sys

REACHES = {  # folder of wattlayer/ -> folders that it may include besides itself and core
    "core": set(),
    "ops": set(),
    "graph": {"ops"},
    "networks": {"ops", "graph"},
    "meter": set(),
    "store": {"ops", "graph", "networks"},
    "datasets": {"ops", "graph", "networks", "store"},
    "features": {"ops"},
    "predict": {"ops", "features"},
    "fit": {"ops", "features", "predict"},
    "training": {"ops", "graph", "networks", "store", "datasets", "features", "predict", "fit"},
    "bench": {"ops", "graph", "networks", "store", "meter", "features", "predict", "fit"},
    "scoring": {"ops", "graph", "networks", "predict"},
    "report": {"ops", "graph", "features", "predict"},
    "pages": {"ops", "features", "predict", "fit", "meter", "bench", "report"},
    "api": {"ops", "graph", "networks", "features", "predict", "scoring", "report"},
    "budget": {"ops", "graph", "networks", "features", "predict", "scoring", "report", "api"},
    "advice": {"ops", "graph", "networks", "features", "predict", "scoring", "report", "api"},
    "c_api": {"graph", "report", "api"},
}
OUTSIDE = {"cli", "python", "tests", "benchmarks"}  # may include everything; nothing includes them
OWNERS = {  # third-party header -> where it may stand, and only in .cc files
    "fmt/": ["wattlayer/", "cli/", "python/", "tests/", "benchmarks/"],
    "nlohmann/": ["wattlayer/", "cli/", "python/", "tests/", "benchmarks/"],
    "CLI/": ["cli/"],
    "toml++/": ["wattlayer/budget/budget_file.cc"],
    "pybind11/": ["python/"],
    "sqlite3.h": ["wattlayer/store/", "tests/store/", "tests/flow/"],
    "zlib.h": ["wattlayer/store/", "tests/store/"],
    "protozero/": ["wattlayer/graph/onnx_reader.cc", "tests/graph/", "benchmarks/"],
    "ceres/": ["wattlayer/fit/", "wattlayer/training/"],
    "Eigen/": ["wattlayer/fit/", "wattlayer/training/"],
    "gtest/": ["tests/"],
    "benchmark/": ["benchmarks/"],
    "xgboost/": ["wattlayer/fit/boosting.cc"],
    "linux/perf_event.h": ["wattlayer/meter/perf_event.cc"],
}
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.M)


def faults_of(path: pathlib.PurePosixPath, text: str):
    """Broken rules of one file, as sentences."""
    top, folder = path.parts[0], path.parts[1] if len(path.parts) > 2 else ""
    for bracket, header in INCLUDE.findall(text):
        if bracket == '"':
            parts = header.split("/")
            if parts[0] not in {"wattlayer"} | OUTSIDE:
                yield f'"{header}" is not a path from the root of the project'
            elif parts[0] in OUTSIDE and top != parts[0]:
                yield f"nothing outside {parts[0]}/ includes {header}"
            elif top == "wattlayer" and parts[1] not in REACHES.get(folder, set()) | {folder, "core"}:
                yield f"{folder} must not include {parts[1]} ({header})"
            continue
        owners = next((where for start, where in OWNERS.items() if header.startswith(start)), None)
        if owners is None:
            if "/" in header and not header.startswith("sys/"):
                yield f"<{header}> has no owner in tools/check_includes.py"
        elif not any(str(path).startswith(owner) for owner in owners):
            yield f"<{header}> belongs to {', '.join(owners)}"
        elif path.suffix == ".h" and top != "tests":
            yield f"<{header}> must not stand in a header"


def main() -> int:
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
    files = [f for top in ("wattlayer", "cli", "python", "tests", "benchmarks") for f in sorted((root / top).rglob("*")) if f.suffix in (".cc", ".h") and not f.is_relative_to(root / "tests/data")]
    unknown = {f.relative_to(root / "wattlayer").parts[0] for f in files if f.is_relative_to(root / "wattlayer")} - set(REACHES)
    faults = [f"wattlayer/{folder}: not in the table of tools/check_includes.py" for folder in sorted(unknown)]
    for file in files:
        path = pathlib.PurePosixPath(file.relative_to(root).as_posix())
        faults += [f"{path}: {fault}" for fault in faults_of(path, file.read_text(encoding="utf-8"))]
    print("\n".join(faults) if faults else f"{len(files)} files keep the include rule")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
