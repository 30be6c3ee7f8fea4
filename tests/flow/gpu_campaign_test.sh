#!/usr/bin/env bash
# tools/run_gpu_campaign.sh from pack to CSV with the fake runner: gpu_campaign_test.sh SOURCE_FOLDER PROGRAM
set -euo pipefail
source="$1" program="$2"
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
fail() { echo "FAILED: $*" >&2; exit 1; }

cat > "$folder/tiny.json" <<'JSON'
{"schema": 1, "title": "t", "hardware": "h200-sxm", "device": "cuda:0", "dtypes": ["f32", "bf16"],
 "networks": [{"names": ["networks/cnn_13.onnx"]}], "real": [{"names": ["networks/cnn_13.onnx"]}]}
JSON
"$source/tools/run_gpu_campaign.sh" pack "$folder/gpu.tar.gz" --program "$program" --networks "$source/tests/data" --campaign "$folder/tiny.json"
"$source/tools/run_gpu_campaign.sh" pack "$folder/none.tar.gz" --program "$program" --networks "$folder" --campaign "$folder/tiny.json" 2> "$folder/error" \
  && fail "a network that is not there was packed"
grep -q "names networks/cnn_13.onnx, which is not in" "$folder/error" || fail "$(cat "$folder/error")"

mkdir "$folder/there" && cd "$folder/there" && tar xf ../gpu.tar.gz
[ -f gpu-campaign/runner-torch/build.sh ] && [ -f gpu-campaign/runner-torch/json/nlohmann/json.hpp ] || fail "the runner's sources are not packed"
run() { env -i PATH=/usr/bin:/bin gpu-campaign/run_gpu_campaign.sh run --output out --runner fake --meter fake "$@" > "$folder/log" 2>&1 || fail "$(cat "$folder/log")"; }
run --budget 30s
grep -q "the budget ended; call it again to go on" "$folder/log" || fail "$(cat "$folder/log")"
run
grep -q " 0 failed, .* 0 left" "$folder/log" || fail "$(cat "$folder/log")"
rows=$(zcat out/tiny.csv.gz | grep -c "^tiny,")
[ "$rows" -ge 8 ] || fail "$rows rows"
run
grep -q "^0 measured, 0 failed, $rows were there already, 0 left" "$folder/log" || fail "$rows rows, but: $(cat "$folder/log")"
echo "ok: $rows rows"
