#!/bin/sh
# run.sh PROGRAM SOURCE [FOLDER]: the pages in a real browser; exit 77 where node, Chromium or playwright-core is not there.
# To have them: tools/install_packages.sh browser && npm ci --prefix tests/browser
command -v node >/dev/null || { echo "SKIPPED: node is not there; run: tools/install_packages.sh browser"; exit 77; }
exec node "$(dirname "$0")/page_test.mjs" "$@"
