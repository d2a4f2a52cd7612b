#!/usr/bin/env bash
# 100 kills of agents at random moments under long-lived flows, beside a control run of the same length without kills.
here=$(cd "$(dirname "$0")" && pwd)
set -euo pipefail
source "$here/rows.sh"
result=$(mktemp)
trap 'rm -f "$result"' EXIT
RESTART_RESULT=$result "$here/../netns/restart_test.sh" "${BENCH_KILLS:-100}" >&2
of() { jq ".$1" "$result"; }
name="$(of kills) kills under flows"
row "$name: flows broken" flows 0 "[$(jq '.broken | split("\n") | map(select(. != "")) | length' "$result")]"
row "$name: numbers lost" numbers "$(of control)" "[$(of lost)]" "[$(of control)]" "reference and goal: the control run"
row "$name: longest pause" ms null "[$(of pause)]" "[$(of control_pause)]" "reference: the control run"
