#!/usr/bin/env bash
# Builds build/release/portable/wattlayer, one file for every x86-64 Linux with glibc 2.28 or newer, and says what it asks of a system.
# tools/build_portable.sh --test ROOT (as root) also runs it in that root, an older system; debootstrap makes Debian 11 where there is none.
set -euo pipefail
cd "$(dirname "$0")/.."
program=build/release/portable/wattlayer
newest=2.28

build_program() {
  local zig
  [ -x build/zig/bin/python ] || python3 -m venv build/zig
  build/zig/bin/python -m pip install --quiet --disable-pip-version-check -r tools/portable_requirements.txt
  zig=$(build/zig/bin/python -c 'import os, ziglang; print(os.path.join(os.path.dirname(ziglang.__file__), "zig"))')
  cmake --preset release -DWATTLAYER_ZIG="$zig" >/dev/null
  cmake --build --preset release --target portable
}

check_symbols() {
  local asked needed
  asked=$(objdump -T "$program" | grep -oE 'GLIBC_[0-9.]+' | sed 's/GLIBC_//' | sort -V | tail -1)
  if [ "$(printf '%s\n' "$asked" "$newest" | sort -V | tail -1)" != "$newest" ]; then
    echo "build_portable: asks for glibc $asked, expected $newest at most; newer symbols belong into packaging/old_glibc.cc:" >&2
    objdump -T "$program" | grep -F "GLIBC_$asked" >&2
    exit 1
  fi
  needed=$(readelf -d "$program" | sed -nE 's/.*\(NEEDED\).*\[(.*)\]/\1/p' | sort | tr '\n' ' ')
  if [ "$needed" != "ld-linux-x86-64.so.2 libc.so.6 libdl.so.2 libm.so.6 libpthread.so.0 " ] && [ "$needed" != "libc.so.6 libdl.so.2 libm.so.6 libpthread.so.0 " ]; then
    echo "build_portable: needs libraries that are no part of glibc: $needed" >&2
    exit 1
  fi
  echo "build_portable: $program, $(stat -c %s "$program") bytes, asks for glibc $asked or newer and nothing else"
}

# What takes the shims: exceptions (every error), threads, clocks (a measurement), the store.
test_program() {
  local root=$1
  [ -e "$root/etc/os-release" ] || debootstrap --variant=minbase bullseye "$root"
  mkdir -p "$root/portable"
  mountpoint -q "$root/proc" || mount --bind /proc "$root/proc"
  trap 'umount "'"$root"'/proc"' EXIT
  cp "$program" examples/resnet50.onnx campaigns/cpu-small.json "$root/portable/"
  chroot "$root" bash -euo pipefail -c '
    cd /portable && rm -f try.db
    . /etc/os-release && echo "$PRETTY_NAME, $(ldd --version | head -1)"
    ./wattlayer estimate resnet50.onnx --on xeon-gold-5120 | head -4
    { ./wattlayer estimate nothing.onnx --on xeon-gold-5120 || test $? = 1; } 2>&1 | grep "no such file"
    timeout 120 ./wattlayer collect cpu-small --runner fake --meter fake --db try.db 2>&1 | tail -1
    ./wattlayer fit --db try.db -o my.wlm >/dev/null
    ./wattlayer estimate resnet50.onnx --on my.wlm | head -2
    timeout 60 ./wattlayer measure --exec "sleep 0.2" --meter constant:watts --meter-setting constant.watts=15 --idle 0.2 2>&1 | grep modelled'
  echo "build_portable: the program runs in $root"
}

build_program
check_symbols
case "${1:-}" in
  "") ;;
  --test) test_program "${2:?tools/build_portable.sh --test ROOT}" ;;
  *) echo "usage: tools/build_portable.sh [--test ROOT]" >&2; exit 2 ;;
esac
