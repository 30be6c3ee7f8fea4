#!/usr/bin/env bash
# An outside project finds the installed package, builds and says the same joules as the installed program.
set -euo pipefail
source_dir=$1 place=$2 compiler=$3 sanitize=$4
if [ -n "$sanitize" ]; then
  echo "find_package_test: skipped, the library is built with the sanitizers $sanitize, which an outside project does not link"
  exit 77
fi
network="$source_dir/examples/resnet50.onnx" target=xeon-gold-5120
rm -rf "$place/outside"
env -u CXXFLAGS cmake -S "$source_dir/tests/package/outside" -B "$place/outside" -DCMAKE_CXX_COMPILER="$compiler" -DCMAKE_BUILD_TYPE=Release \
  -DCMAKE_PREFIX_PATH="$place/prefix" >"$place/outside.log"
cmake --build "$place/outside" >>"$place/outside.log"
expected=$("$place/prefix/bin/wattlayer" estimate "$network" --on "$target" --json | python3 -c 'import json, sys; print(repr(json.load(sys.stdin)["estimates"][0]["energy_j"]["value"]))')
for program in outside outside_c; do
  found=$("$place/outside/$program" "$network" "$target")
  python3 - "$expected" "$found" "$program" <<'PYTHON'
import math, sys
expected, found, program = float(sys.argv[1]), float(sys.argv[2]), sys.argv[3]
if not math.isclose(expected, found, rel_tol=1e-12):
    sys.exit(f"find_package_test: {program} says {found} J, the program {expected} J")
print(f"{program}: {found} J, as the program says")
PYTHON
done
if "$place/outside/outside" no.onnx "$target" 2>"$place/outside.error"; then
  echo "find_package_test: a missing file was no error" >&2
  exit 1
fi
grep -q "cannot read no.onnx: no such file" "$place/outside.error"
# A version that this one does not serve is refused.
sed 's/find_package(wattlayer 0.1/find_package(wattlayer 0.2/' "$source_dir/tests/package/outside/CMakeLists.txt" >"$place/outside_version.txt"
rm -rf "$place/other" && mkdir -p "$place/other" && cp "$source_dir"/tests/package/outside/outside.* "$place/other/" && cp "$place/outside_version.txt" "$place/other/CMakeLists.txt"
if cmake -S "$place/other" -B "$place/other/build" -DCMAKE_CXX_COMPILER="$compiler" -DCMAKE_PREFIX_PATH="$place/prefix" >/dev/null 2>&1; then
  echo "find_package_test: version 0.2 was found where 0.1 is installed" >&2
  exit 1
fi
