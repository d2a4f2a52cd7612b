#!/usr/bin/env bash
# An agent that starts on a node where everything is right writes nothing but what belongs to its canary and what it listens at: as much
# as on an empty node.
source "$(dirname "$0")/lab.sh"
for part in checks pods objects agents; do source "$netns_tests/$part.sh"; done

# What a write would change: programs with their links, sysctls aside, filters, indices of the pods' links, handles of the services.
kernel_state() {
  pinned n1 link
  pinned n1 map
  in_machine n1 bash -euc '
    for link in "$@"; do
      ip -o link show dev "$link"
      tc filter show dev "$link" ingress
      tc filter show dev "$link" egress
      ip neigh show dev "$link"
      ip route show dev "$link"
      ip -6 route show dev "$link"
    done' - "$@"
}
host_side() { jq -r '.interfaces[0].name' "$lab/n1/$1.json"; }
own_rows() { http n1 '/tables/effects?format=json' | grep -cE '"pods canary-|"(health_checks|metrics_listeners) '; }
restart() {
  agent_kill n1
  agent_start n1
  wait_ready n1
}
at_most() { (($2 <= $3)) || { echo "$1: $2, more than $3"; return 1; }; }

need_product
lab_start
nodes_up n1
check "the first start counts its writes" test "$(counter n1 writes)" -gt 0
restart
empty=$(counter n1 writes)
check "on an empty node only the canary is made again" at_most writes "$empty" $((2 * $(own_rows)))
pod n1 a; pod n1 b
for number in 10 11 12; do
  service "web$number" "$number"
  endpoints "web$number" 8080 a b
done
jq '.spec.type = "NodePort" | .spec.ports[].nodePort = 30080' "$lab/manifests/service-web11.json" | put_object service-web11
node_object n2   # a peer's addresses answer NodePorts too
serve a; serve b
until_true 10 "web12" ask n1 "$(service6 12)" 80
until_true 10 "the NodePort" ask n1 "$(node6 n2)" 30080
links=("$(host_side a)" "$(host_side b)")
before=$(kernel_state "${links[@]}")
restart
check "pods, services, NodePorts and peers on it add no write" expect writes "$empty" "$(counter n1 writes)"
check "nothing fails" expect "failed writes" 0 "$(counter n1 failed_writes)"
check "programs, links, filters, routes and neighbours are the same ones" diff <(echo "$before") <(kernel_state "${links[@]}")
check "the service answers" ask b "$(service4 10)" 80
check "the NodePort answers" ask b "$(node4 n1)" 30080
