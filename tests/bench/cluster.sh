#!/usr/bin/env bash
# Under a real API server, on a node among 10,000 Services of 10 endpoints: from a write to the maps, a start from nothing, memory. Long:
# the objects take five minutes.
export ICHOR_CLUSTER=bench-$$
source "$(dirname "$0")/../cluster/cluster.sh"
source "$repository/tests/bench/rows.sh"
cluster_find
services_count=${BENCH_SERVICES:-10000}
scratch=$(mktemp -d)

end() {
  local code=$?
  trap '' INT TERM HUP
  "$repository/hack/cluster" down || code=1
  rm -rf "$scratch"
  exit "$code"
}
trap 'exit 130' INT
trap 'exit 143' TERM HUP
trap end EXIT

ready() { on_machine n1 curl -sS --fail --max-time 5 http://127.0.0.1:9879/readyz; }
agent_process() { head -n 1 "$lab_group/n1/system/ichor-agent/cgroup.procs"; }
resident() { awk '/^VmRSS/ {print $2 / 1024}' "/proc/$(agent_process)/status"; }
leads_to_last() { on_machine n1 "$binaries/ichor-agent" get frontends | grep -F "10.98.$((services_count >> 8)).$((services_count & 255))" >/dev/null; }

cold_sync() {   # milliseconds from the start of an agent without any state to ready
  local arguments
  mapfile -d '' arguments <"/proc/$(agent_process)/cmdline"
  daemon_away n1 ichor-agent
  on_machine n1 bash -c 'rm -rf /var/lib/ichor/objects; exec "$@"' - "$binaries/bench_ready" /run/bench.log "$binaries/ichor-agent" "${arguments[@]:1}"
  on_machine n1 pkill -KILL -x ichor-agent
  daemon_back n1 ichor-agent
  until_true 60 "the agent" ready
}

"$repository/hack/cluster" up --nodes 1 >&2
"$repository/tests/bench/generate.py" "$scratch/objects" list "$services_count" 10
for kind in services slices; do
  jq -c 'del(.items[].spec.selector?)' "$scratch/objects/$kind.json" >"$scratch/$kind.json"
done
on_machine cp "$repository/tests/bench/create.py" "$admin" "$scratch/services.json" "$scratch/slices.json" >&2
until_true 120 "the last Service on n1" leads_to_last
daemon n1 kubectl-proxy kubectl proxy --port=8001
until_true 20 "kubectl proxy" on_machine n1 curl -sS --fail http://127.0.0.1:8001/readyz

p50=() p99=() watch50=() watch99=() cold=() memory=()
for turn in 1 2 3 4 5; do
  times=$(on_machine n1 "$binaries/bench_change_to_map" /sys/fs/bpf/ichor/maps http://127.0.0.1:8001 "$services_count" 200)
  p50+=("$(percentile "$(jq .map <<<"$times")" 50)") p99+=("$(percentile "$(jq .map <<<"$times")" 99)")
  watch50+=("$(percentile "$(jq .watch <<<"$times")" 50)") watch99+=("$(percentile "$(jq .watch <<<"$times")" 99)")
done
for turn in 1 2 3 4 5; do
  cold+=("$(cold_sync)")
  memory+=("$(resident)")
done
plain="reference: a watch that does nothing but look for the change"
row "API write to map, $services_count Services, p50" ms null "$(array "${p50[@]}")" "$(array "${watch50[@]}")" "$plain"
row "API write to map, $services_count Services, p99" ms "$(jq -n "1.1 * $(median "$(array "${watch99[@]}")")")" "$(array "${p99[@]}")" \
  "$(array "${watch99[@]}")" "$plain"
row "start without state to ready, $services_count Services x 10" ms 1500 "$(array "${cold[@]}")"
row "agent's resident memory, $services_count Services x 10" MiB 100 "$(array "${memory[@]}")"
