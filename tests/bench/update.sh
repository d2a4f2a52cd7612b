#!/usr/bin/env bash
# One EndpointSlice file of 10,000 replaced by rename: from the rename to the maps, on a running agent. Five rounds of 200.
source "$(dirname "$0")/../netns/lab.sh"
for part in checks pods objects agents; do source "$netns_tests/$part.sh"; done
source "$repository/tests/bench/rows.sh"

need_product
lab_start
rmdir "$lab/manifests"
"$repository/tests/bench/generate.py" "$lab/manifests" json
node n1
agent_start n1
until_true 120 "n1 to be ready" agent_ready n1
resident=$(awk '/^VmRSS/ {print $2 / 1024}' "/proc/$(agent_pid n1)/status")
p50=() p99=()
for turn in 1 2 3 4 5; do
  times=$(in_machine n1 "$binaries/bench_change_to_map" /sys/fs/bpf/ichor/maps "$lab/manifests" 10000 200)
  p50+=("$(percentile "$(jq .map <<<"$times")" 50)") p99+=("$(percentile "$(jq .map <<<"$times")" 99)")
done
row "file event to map, 10,000 Services, p50" ms null "$(array "${p50[@]}")"
row "file event to map, 10,000 Services, p99" ms 20 "$(array "${p99[@]}")"
row "agent's resident memory, 10,000 Services" MiB null "[$resident]"
