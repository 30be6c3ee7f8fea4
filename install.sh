#!/usr/bin/env bash
# Installs the Debian packages that are missing (as root), builds build/release/wattlayer and estimates a bundled network.
set -euo pipefail
cd "$(dirname "$0")"
tools/install_packages.sh build
cmake --preset release -DWATTLAYER_TESTS=OFF
cmake --build --preset release --target wattlayer
build/release/wattlayer estimate examples/resnet50.onnx --on xeon-gold-5120
