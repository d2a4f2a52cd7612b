#!/usr/bin/env bash
# Cold start to ready on a node that never saw ichor, warm start with everything pinned, and what the agent then holds in memory.
source "$(dirname "$0")/../netns/lab.sh"
for part in checks pods objects agents; do source "$netns_tests/$part.sh"; done
source "$repository/tests/bench/rows.sh"

start() {   # NODE: milliseconds to ready
  local arguments=() file
  for file in "${agent_values[@]}"; do arguments+=(--config "$file"); done
  mkdir -p "$lab_group/$1/agent"
  in_machine "$1" bash -c 'echo 0 >/sys/fs/cgroup/agent/cgroup.procs; exec "$@"' - "$binaries/bench_ready" "$(agent_log "$1")" \
    "$binaries/ichor-agent" run "${arguments[@]}" --manifests "$lab/manifests" --node-name "$1"
}
resident() { awk '/^VmRSS/ {print $2 / 1024}' "/proc/$(agent_pid "$1")/status"; }

need_product
lab_start
cold=() warm=() memory=()
for n in n1 n2 n3; do node_object "$n"; done
service web 10
for n in n1 n2 n3 n4 n5; do
  node "$n"
  node_object "$n"
  cold+=("$(start "$n")")
  pod "$n" "a-$n"; pod "$n" "b-$n"
  endpoints web 8080 "a-$n" "b-$n"
  until_true 10 "web on $n" eval "ask $n $(service4 10) 80 --timeout 500; ((\$? == 2))"
  agent_kill "$n"
  warm+=("$(start "$n")")
  memory+=("$(resident "$n")")
  agent_kill "$n"
done
row "cold start to ready" ms 100 "$(array "${cold[@]}")"
row "warm start to ready, two pods" ms 50 "$(array "${warm[@]}")"
row "agent's resident memory, small node" MiB 10 "$(array "${memory[@]}")"
