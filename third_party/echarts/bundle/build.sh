#!/bin/sh
# Rebuilds third_party/echarts/echarts.min.js from the pinned npm packages; wattlayer itself builds without npm.
set -eu
cd "$(dirname "$0")"
npm ci --no-audit --no-fund
npx esbuild entry.js --bundle --minify --format=iife --target=es2020 --charset=ascii --legal-comments=none \
  --define:process.env.NODE_ENV='"production"' --banner:js="$(cat banner.txt)" --outfile=../echarts.min.js
cp node_modules/echarts/LICENSE node_modules/echarts/NOTICE ..
cp node_modules/echarts/licenses/LICENSE-d3 ..
cp node_modules/zrender/LICENSE ../LICENSE-zrender
cp node_modules/tslib/LICENSE.txt ../LICENSE-tslib
