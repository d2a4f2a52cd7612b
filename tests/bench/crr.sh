#!/usr/bin/env bash
# Connections a second, as the time of one: connect, a byte there, a byte back. Through a ClusterIP beside the pod's own address, and by
# the pod's address beside plain kernel routing with ptp and host-local; by NodePorts from outside, beside the pod's address by plain
# routing, all in paired rounds: each figure is the ratio of a round's two.
source "$(dirname "$0")/../netns/lab.sh"
for part in checks pods objects agents reference; do source "$netns_tests/$part.sh"; done
source "$repository/tests/bench/rows.sh"
service4() { echo "10.97.0.$1"; }   # beside the many
runs=5 rounds=${BENCH_ROUNDS:-7} slice=${BENCH_SLICE:-300}   # a run is the median of its rounds; a slice is in milliseconds

need_product
lab_start
rmdir "$lab/manifests"
"$repository/tests/bench/generate.py" "$lab/manifests" list "${BENCH_SERVICES:-10000}"
rm -f "$lab/manifests/nodes.json"
reference_up n3 n4
for n in n1 n2; do node "$n"; node_object "$n"; done
for n in n1 n2; do agent_start "$n"; done
for n in n1 n2; do until_true 120 "$n to be ready" agent_ready "$n"; done
pod n1 client1; pod n1 near; pod n2 far
pod n3 plain; pod n3 plain-near; pod n4 plain-far
for place in near far plain-near plain-far n1 n2; do
  on "$place" "$binaries/bench_crr" serve 8080 >"$lab/logs/$place.crr" 2>&1 &
  disown
  until_true 5 "the server on $place" grep -q serving "$lab/logs/$place.crr"
done
service near 10; endpoints near 8080 near
service far 11; endpoints far 8080 far
for s in near far; do
  jq --argjson port $([[ $s == near ]] && echo 30080 || echo 30081) '.spec.type = "NodePort" | .spec.ports[].nodePort = $port' \
    "$lab/manifests/service-$s.json" | put_object service-$s
done
client
for n in n3 n4; do
  on client ip route add "$(node_range4 $n)" via "$(node4 n3)"
  on client ip -6 route add "$(node_range6 $n)" via "$(node6 n3)"
done
# Both ways to n4 by n3, as what n1 sends on takes two hops, and nobody is told of a shorter way.
in_machine n4 bash -euc "ip route add $net4.200 via $(node4 n3); ip -6 route add $net6:200 via $(node6 n3)"
for n in client n4; do in_machine $n sysctl -qw net.ipv{4,6}.conf.{all,eth0}.accept_redirects=0; done
for s in 10 11; do until_true 20 "Service $s" on client1 "$binaries/bench_crr" call "$(service4 $s):80" 1; done
for s in 30080 30081; do until_true 20 "NodePort $s" on client "$binaries/bench_crr" call "$(target "$(node6 n1)" $s)" 1; done

once() { on "$1" "$binaries/bench_crr" call "$2" "$slice"; }
pair() {   # NAME GOAL PLACE TARGET REFERENCE-PLACE REFERENCE-TARGET
  local run round quotients=() median_ratios=()
  for ((run = 0; run < runs; ++run)); do
    quotients=()
    for ((round = 0; round < rounds; ++round)); do quotients+=("$(jq -n "$(once "$3" "$4") / $(once "$5" "$6")")"); done
    median_ratios+=("$(median "$(array "${quotients[@]}")")")
  done
  row "$1" ratio "$2" "$(array "${median_ratios[@]}")" null "time of one connection"
}

for family in 4 6; do
  near=$(target "$(address near $family)" 8080) far=$(target "$(address far $family)" 8080)
  plain_near=$(target "$(address plain-near $family)" 8080) plain_far=$(target "$(address plain-far $family)" 8080)
  near_service=$(target "$("service$family" 10)" 80) far_service=$(target "$("service$family" 11)" 80)
  pair "ClusterIP to the address, pod to pod on the node, IPv$family" 1.031 client1 "$near_service" client1 "$near"
  pair "ClusterIP to the address, pod to a peer's pod, IPv$family" 1.031 client1 "$far_service" client1 "$far"
  pair "ClusterIP to the address, node to its pod, IPv$family" 1.031 n1 "$near_service" n1 "$near"
  pair "ichor to plain routing, pod to pod on the node, IPv$family" 1.05 client1 "$near" plain "$plain_near"
  pair "ichor to plain routing, pod to a peer's pod, IPv$family" 1.05 client1 "$far" plain "$plain_far"
  front=$(address n1 $family)
  pair "NodePort to plain routing, outside to a pod, IPv$family" 1.053 client "$(target "$front" 30080)" client "$plain_near"
  pair "NodePort to plain routing, outside to a pod of a peer, IPv$family" 1.053 client "$(target "$front" 30081)" client "$plain_far"
done
