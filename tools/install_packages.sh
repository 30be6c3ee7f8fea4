#!/usr/bin/env bash
# Installs the Debian packages that are missing: tools/install_packages.sh build [test] [check] [browser] [bench] [slurm] [torch] [package] [python]
set -euo pipefail
declare -A groups=(
  [build]="cmake ninja-build g++ libfmt-dev nlohmann-json3-dev libcli11-dev libsqlite3-dev libprotozero-dev zlib1g-dev libeigen3-dev libceres-dev libxgboost-dev libtomlplusplus-dev"
  [test]="libgtest-dev python3"
  [check]="git python3-venv clang-14 clang-format-14 clang-tidy-14 libclang-rt-14-dev"
  [slurm]="slurm-wlm munge python3"
  [torch]="cmake g++ nlohmann-json3-dev libtorch-dev libopenblas0-openmp"
  [browser]="chromium fonts-dejavu-core nodejs npm"
  [package]="pkg-config zsh fish python3-venv debootstrap lintian binutils"
  [python]="python3-venv python3-dev python3-torch python3-torchvision"
  [bench]="libbenchmark-dev python3 python3-venv"
)
declare -A commands=([nodejs]=node [npm]=npm)  # packages that others (NodeSource) replace and conflict with
missing=()
for group in "$@"; do
  for package in ${groups[$group]}; do
    [ -n "${commands[$package]:-}" ] && command -v "${commands[$package]}" >/dev/null && continue
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q "install ok installed" || missing+=("$package")
  done
done
[ ${#missing[@]} = 0 ] && exit 0
if ! command -v apt-get >/dev/null; then
  echo "install_packages: needs the packages of Debian 12 named: ${missing[*]}; install what they hold on this system" >&2
  exit 1
fi
if [ "$(id -u)" != 0 ]; then
  echo "install_packages: packages are missing; run: sudo apt-get install ${missing[*]}" >&2
  exit 1
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -q </dev/null
apt-get install -q -y --no-install-recommends "${missing[@]}" </dev/null
