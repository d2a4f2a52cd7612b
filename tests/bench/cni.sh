#!/usr/bin/env bash
# CNI ADD as a runtime sees it, from fork to exit, for 100 pods on a node, beside ptp and host-local on a node of its own. Five rounds,
# in turns. The reference's pods have no duplicate address detection, which costs it 1.8 s for each ADD else.
source "$(dirname "$0")/../netns/lab.sh"
for part in checks pods objects agents reference; do source "$netns_tests/$part.sh"; done
source "$repository/tests/bench/rows.sh"
pods=${BENCH_PODS:-100} rounds=5

calls() {   # NODE ADD|DEL
  local conf
  conf=$(cni_conf "$1")
  echo "$conf" >"$lab/conf-$1"
  in_machine "$1" "$binaries/bench_cni_calls" "$2" "$(cni_plugin "$conf")" "$lab/conf-$1" pod "$pods" ||
    { cat "$(node_file "$1" /run/bench-cni-output)" >&2; return 1; }
}
round() {   # NODE: the ADDs' times
  in_machine "$1" bash -euc "for ((i = 1; i <= $pods; ++i)); do
      ip netns add pod-\$i; ip -n pod-\$i link set lo up
      [[ $1 == n1 ]] || ip netns exec pod-\$i sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0
    done"
  calls "$1" ADD
  calls "$1" DEL >/dev/null
  in_machine "$1" bash -euc "for ((i = 1; i <= $pods; ++i)); do ip netns delete pod-\$i; done"
}

need_product
lab_start
reference_up n2
nodes_up n1
p50=() p99=() reference50=() reference99=()
for ((turn = 0; turn < rounds; ++turn)); do
  times=$(round n1)
  p50+=("$(percentile "$times" 50)") p99+=("$(percentile "$times" 99)")
  times=$(round n2)
  reference50+=("$(percentile "$times" 50)") reference99+=("$(percentile "$times" 99)")
done
row "CNI ADD, $pods pods, p50" ms 10 "$(array "${p50[@]}")" "$(array "${reference50[@]}")" "reference: ptp and host-local, no duplicate address detection"
row "CNI ADD, $pods pods, p99" ms 50 "$(array "${p99[@]}")" "$(array "${reference99[@]}")" "reference: ptp and host-local, no duplicate address detection"
