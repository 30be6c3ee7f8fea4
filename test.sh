#!/usr/bin/env bash
# Builds everything and runs all tests; the last lines count them. Exits non-zero when one fails.
set -euo pipefail
cd "$(dirname "$0")"
tools/install_packages.sh build test
cmake --preset release -DWATTLAYER_TESTS=ON
cmake --build --preset release
ctest --preset release --no-tests=error --parallel "$(nproc)"
