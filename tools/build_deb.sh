#!/usr/bin/env bash
# Builds the Debian packages into build/deb/packages: tools/build_deb.sh
# tools/build_deb.sh --test ROOT (as root) installs them in a clean root, which debootstrap makes where there is none, runs and removes them.
set -euo pipefail
cd "$(dirname "$0")/.."
packages=build/deb/packages

build_packages() {
  cmake --preset release >/dev/null
  cmake --build --preset release --target wattlayer wattlayer_lib wattlayer_fmt wattlayer_c shared_texts
  rm -rf "$packages"
  cpack --config build/release/CPackConfig.cmake -G DEB -B "$packages"
  rm -rf "$packages/_CPack_Packages"
  ls -l "$packages"
}

# In a root of minimal Debian 12 that has never seen the sources: apt installs the packages with what they depend on, and they are run.
test_packages() {
  local root=$1
  if [ ! -e "$root/etc/debian_version" ]; then
    debootstrap --variant=minbase bookworm "$root"
  fi
  mkdir -p "$root/packages"
  cp "$packages"/*.deb examples/resnet50.onnx tests/package/outside/outside.c "$root/packages/"
  chroot "$root" bash -euo pipefail -c '
    export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
    apt-get update -q >/dev/null
    apt-get install -q -y --no-install-recommends /packages/*.deb gcc libc6-dev pkg-config >/dev/null
    dpkg-query -W "*wattlayer*"
    wattlayer estimate /packages/resnet50.onnx --on xeon-gold-5120 | head -4
    gcc -std=c11 -Wall -Wextra -Werror /packages/outside.c -o /packages/outside $(pkg-config --cflags --libs wattlayer)
    /packages/outside /packages/resnet50.onnx xeon-gold-5120
    test -s /usr/share/bash-completion/completions/wattlayer
    apt-get purge -q -y wattlayer libwattlayer1 libwattlayer-dev >/dev/null
    if find /usr -name "*wattlayer*" | grep .; then echo "build_deb: files were left behind" >&2; exit 1; fi'
  echo "build_deb: installed, run and removed in $root"
}

case "${1:-}" in
  "") build_packages ;;
  --test) test_packages "${2:?tools/build_deb.sh --test ROOT}" ;;
  *) echo "usage: tools/build_deb.sh [--test ROOT]" >&2; exit 2 ;;
esac
