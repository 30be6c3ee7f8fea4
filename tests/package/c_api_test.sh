#!/usr/bin/env bash
# A C11 program against the installed shared library, found by its pkg-config file; and what the library shows to a linker.
set -euo pipefail
source_dir=$1 place=$2 compiler=$3 sanitize=$4
library="$place/prefix/lib/libwattlayer.so.1"
[ -e "$library" ] || library=$(echo "$place"/prefix/lib/*/libwattlayer.so.1)

declared=$(grep -oE '^[a-z].*\bwattlayer_[a-z0-9_]+\(' "$source_dir/wattlayer/c_api/wattlayer.h" | grep -oE 'wattlayer_[a-z0-9_]+\($' | tr -d '(' | sort)
shown=$(nm -D --defined-only "$library" | awk '$2 != "A" {print $3}' | sed 's/@.*//' | sort)
if [ "$declared" != "$shown" ]; then
  echo "c_api_test: the header (<) and the shared library (>) do not name the same functions; wattlayer/c_api/wattlayer.map lists them:" >&2
  diff <(echo "$declared") <(echo "$shown") >&2
  exit 1
fi
echo "$(wc -l <<<"$shown") functions shown, those of the header"
readelf -d "$library" | grep -q 'SONAME.*\[libwattlayer.so.1\]'
if [ -n "$sanitize" ]; then
  echo "c_api_test: the C program is skipped, the library is built with the sanitizers $sanitize"
  exit 77
fi

export PKG_CONFIG_PATH="$(dirname "$library")/pkgconfig"
if command -v pkg-config >/dev/null; then
  read -ra flags <<<"$(pkg-config --cflags --libs wattlayer)"
else
  echo "c_api_test: pkg-config is not there, so its file is not tested"
  flags=(-I"$place/prefix/include" -L"$(dirname "$library")" -lwattlayer)
fi
"$compiler" -std=c11 -Wall -Wextra -Werror -pedantic "$source_dir/tests/package/c_api_test.c" -o "$place/c_api_test" "${flags[@]}" -lm
LD_LIBRARY_PATH="$(dirname "$library")" "$place/c_api_test" "$source_dir/examples/resnet50.onnx"
