#!/usr/bin/env bash
# `ichor-agent plan` over 10,000 Services with 10 endpoints each: JSON with one object a file, the same in YAML, and as Lists.
source "$(dirname "$0")/../netns/lab.sh"
source "$netns_tests/checks.sh"
source "$repository/tests/bench/rows.sh"

seconds_of() {   # DIRECTORY
  local started=$EPOCHREALTIME
  "$binaries/ichor-agent" plan --manifests "$1" --node-name n1 >"$directory/plan"
  grep -q 10.98.39.16 "$directory/plan" || die "the plan lacks the last Service: $(tail -n 3 "$directory/plan")"
  awk -v a="$started" -v b="$EPOCHREALTIME" 'BEGIN {print b - a}'
}
runs() {
  local turn times=()
  for turn in 1 2 3 4 5; do times+=("$(seconds_of "$1")"); done
  array "${times[@]}"
}

need_product
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
for form in json yaml list; do "$repository/tests/bench/generate.py" "$directory/$form" "$form"; done
row "plan, 10,000 Services x 10, JSON files" s 2 "$(runs "$directory/json")"
row "plan, the same, YAML files" s null "$(runs "$directory/yaml")"
row "plan, the same, Lists" s null "$(runs "$directory/list")"
