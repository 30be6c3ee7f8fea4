#!/usr/bin/env bash
# Measures a campaign on a machine with a GPU, PyTorch and a compiler, but no network.
#   tools/run_gpu_campaign.sh pack gpu-campaign.tar.gz --program build/release/wattlayer --networks DIR [--campaign campaigns/h200-torch.json]
#       here: the program, the runner's sources and the networks that the campaign names, in one file
#   gpu-campaign/run_gpu_campaign.sh run [--budget 25m] [--output DIR] [--device cuda:0] [--runner NAME] [other options of collect]
#       there, after tar xf: builds the runner, checks the meters, measures, exports DIR/CAMPAIGN.csv.gz; again: goes on where it was
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
fail() { echo "run_gpu_campaign: $*" >&2; exit 1; }
usage() { sed -n 2,6p "${BASH_SOURCE[0]}" >&2; exit 2; }

pack() {
  [ $# -ge 1 ] || usage
  local archive program="" networks="" campaign="$here/../campaigns/h200-torch.json" folder
  archive="$(realpath -m "$1")"; shift
  while [ $# -gt 0 ]; do
    [ $# -ge 2 ] || usage
    case "$1" in
      --program) program="$2" ;;
      --networks) networks="$2" ;;
      --campaign) campaign="$2" ;;
      *) usage ;;
    esac
    shift 2
  done
  [ -x "$program" ] || fail "--program names the built wattlayer; '$program' is none"
  [ -f "$campaign" ] || fail "there is no campaign $campaign"
  folder="$(mktemp -d)"
  trap "rm -rf '$folder'" EXIT
  mkdir "$folder/gpu-campaign" "$folder/gpu-campaign/networks"
  cp "$program" "$folder/gpu-campaign/wattlayer"
  cp "$campaign" "${BASH_SOURCE[0]}" "$folder/gpu-campaign/"
  basename "$campaign" > "$folder/gpu-campaign/campaign"
  "$here/../runners/torch/build.sh" --pack "$folder/runner.tar.gz" >/dev/null
  tar -C "$folder/gpu-campaign" -xf "$folder/runner.tar.gz"
  grep -o '"[^"]*\.onnx"' "$campaign" | tr -d '"' | sort -u | while read -r file; do
    [ -f "$networks/$file" ] || fail "the campaign names $file, which is not in '$networks'; name the folder of the networks with --networks"
    mkdir -p "$folder/gpu-campaign/networks/$(dirname "$file")"
    cp "$networks/$file" "$folder/gpu-campaign/networks/$file"
  done
  tar -C "$folder" -czf "$archive" gpu-campaign
  echo "run_gpu_campaign: wrote $archive; there: tar xf $(basename "$archive") && gpu-campaign/run_gpu_campaign.sh run"
}

run() {
  local output="$PWD" runner="" options=() campaign name
  while [ $# -gt 0 ]; do
    case "$1" in
      --output) output="$2"; shift 2 ;;
      --runner) runner="$2"; shift 2 ;;
      *) options+=("$1"); shift ;;
    esac
  done
  [ -x "$here/wattlayer" ] || fail "there is no wattlayer beside this script; run it from what pack has made"
  campaign="$here/$(cat "$here/campaign")"
  name="$(basename "$campaign" .json)"
  mkdir -p "$output"
  if [ -z "$runner" ]; then
    runner="$here/wattlayer-runner-torch"
    [ -x "$runner" ] || "$here/runner-torch/build.sh" --output "$runner"
  fi
  "$here/wattlayer" check || echo "run_gpu_campaign: no meter can be opened as it is; --meter names one that was not found by itself" >&2
  "$here/wattlayer" collect "$campaign" --networks "$here/networks" --runner "$runner" --db "$output/$name.db" "${options[@]}"
  "$here/wattlayer" export --db "$output/$name.db" -o "$output/$name.csv"
  gzip -f "$output/$name.csv"
  echo "run_gpu_campaign: rows in $output/$name.db and $output/$name.csv.gz"
}

[ $# -ge 1 ] || usage
command="$1"; shift
case "$command" in
  pack) pack "$@" ;;
  run) run "$@" ;;
  *) usage ;;
esac
