#!/usr/bin/env bash
# Builds wattlayer-runner-torch alone; needs PyTorch or libtorch-dev, a C++20 compiler, CMake (or does without), no network.
#   runners/torch/build.sh [--torch FOLDER] [--json FOLDER] [--output FILE]
#   runners/torch/build.sh --pack runner-torch.tar.gz     this folder with the JSON header in it, for a machine that lacks the header
# --torch: a torch package (.../site-packages/torch) or the prefix of a libtorch; else that of python3 ($PYTHON), else /usr.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
torch="" json="" output="$PWD/wattlayer-runner-torch" pack=""
while [ $# -gt 0 ]; do
  [ $# -ge 2 ] || { echo "build.sh: $1 needs a value" >&2; exit 2; }
  case "$1" in
    --torch) torch="$2" ;;
    --json) json="$2" ;;
    --output) output="$(realpath -m "$2")" ;;
    --pack) pack="$(realpath -m "$2")" ;;
    *) sed -n 2,5p "$0" >&2; exit 2 ;;
  esac
  shift 2
done

for place in "$json" "$here/json" "${JSON_INCLUDE_DIR:-}" /usr/include /usr/local/include; do
  [ -n "$place" ] && [ -f "$place/nlohmann/json.hpp" ] && { json="$place"; break; }
done
[ -f "$json/nlohmann/json.hpp" ] || { echo "build.sh: no nlohmann/json.hpp; install nlohmann-json3-dev, or pack this folder with --pack on a machine that has it" >&2; exit 1; }

if [ -n "$pack" ]; then
  folder="$(mktemp -d)"
  trap 'rm -rf "$folder"' EXIT
  mkdir "$folder/runner-torch"
  cp "$here"/*.cc "$here"/*.h "$here/CMakeLists.txt" "$here/build.sh" "$here/README.md" "$folder/runner-torch/"
  mkdir "$folder/runner-torch/json" && cp -r "$json/nlohmann" "$folder/runner-torch/json/"
  tar -C "$folder" -czf "$pack" runner-torch
  echo "build.sh: wrote $pack; there: tar xf $(basename "$pack") && runner-torch/build.sh"
  exit 0
fi

if [ -z "$torch" ]; then
  torch="$("${PYTHON:-python3}" -c 'import os, torch; print(os.path.dirname(torch.__file__))' 2>/dev/null || true)"
  [ -f "$torch/include/ATen/ATen.h" ] || torch=/usr
fi
[ -f "$torch/include/ATen/ATen.h" ] || { echo "build.sh: no libtorch under $torch; install PyTorch (pip install torch) or libtorch-dev, or pass --torch FOLDER" >&2; exit 1; }

mkdir -p "$(dirname "$output")"
if command -v cmake >/dev/null; then
  build="$(mktemp -d)"
  trap 'rm -rf "$build"' EXIT
  cmake -S "$here" -B "$build" -DTORCH_ROOT="$torch" -DJSON_INCLUDE_DIR="$json"
  if ! cmake --build "$build" --parallel "$(nproc)"; then
    echo "build.sh: trying again without --cuda-graph" >&2
    cmake -S "$here" -B "$build" -DCUDA_GRAPH=OFF
    cmake --build "$build" --parallel "$(nproc)"
  fi
  cp "$build/wattlayer-runner-torch" "$output"
else
  echo "build.sh: no cmake here; calling the compiler itself, without --cuda-graph"
  lib="$torch/lib"
  [ -f "$lib/libtorch_cpu.so" ] || lib="$(dirname "$(find "$torch/lib" -name libtorch_cpu.so 2>/dev/null | head -1)")"
  abi=""
  grep -qs "GLIBCXX_USE_CXX11_ABI=0" "$torch/share/cmake/Torch/TorchConfig.cmake" && abi="-D_GLIBCXX_USE_CXX11_ABI=0"
  cuda=""
  [ -f "$lib/libtorch_cuda.so" ] && cuda="-ltorch_cuda -lc10_cuda"
  sources="$(ls "$here"/*.cc | grep -v '/cuda_graph.cc')"
  # shellcheck disable=SC2086
  "${CXX:-g++}" -std=c++20 -O2 $abi -I"$here" -isystem "$torch/include" -isystem "$torch/include/torch/csrc/api/include" -isystem "$json" $sources \
    -Wl,--no-as-needed -Wl,--unresolved-symbols=ignore-in-shared-libs -Wl,-rpath,"$lib" -L"$lib" $cuda -ltorch -ltorch_cpu -lc10 -ldl -lpthread -o "$output"
fi
echo '{"id": 1, "do": "hello", "protocol": 1}' | "$output" >/dev/null || { echo "build.sh: $output does not start" >&2; exit 1; }
echo "build.sh: $output answers; put it beside wattlayer or into the PATH, then: wattlayer measure ... --runner torch"
