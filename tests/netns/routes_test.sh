#!/usr/bin/env bash
# Routes follow what Nodes say and give way to those of others: another network beside ichor while migrating, nodes that are registered
# again, move and leave, addresses that no pod holds, and the condition by which a cloud keeps pods away.
source "$(dirname "$0")/lab.sh"
for part in checks pods objects agents; do source "$netns_tests/$part.sh"; done

registered() {   # NODE RANGE4 ADDRESS4 [CONDITIONS]: its Node with these, IPv6 as it was
  put_object "node-$1" <<J
{"apiVersion": "v1", "kind": "Node", "metadata": {"name": "$1", "uid": "uid-$1-again"},
 "spec": {"podCIDR": "$2", "podCIDRs": ["$2", "$(node_range6 "$1")"]},
 "status": {"addresses": [{"type": "InternalIP", "address": "$3"}, {"type": "InternalIP", "address": "$(node6 "$1")"}], "conditions": [${4:-}]}}
J
}

routes() { in_machine n1 ip route show "$1" | sed 's/ *$//'; }
becomes() {   # EXPECTED RANGE: all routes of n1 to that range
  is() { [[ $(routes "$2") == "$1" ]]; }
  until_true 10 "routes to $2" is "$1" "$2" || { routes "$2"; return 1; }
}
direct() { echo "$1 via $2 dev eth0 proto 105 metric 26880"; }
says() {   # NODE TABLE PATTERN
  until_true 10 "$2 of $1 to say $3" matches "$@" || { http "$1" "/tables/$2?format=text"; return 1; }
}
matches() { http "$1" "/tables/$2?format=text" | grep -E "$3" >/dev/null; }
silent() { ! matches "$@"; }
reaches() { ask "$1" "$2" 8080 >/dev/null; }
is_told() {   # ADDRESS: ping from n2 is answered at once by n1 instead of going round between n1 and the router
  local output
  output=$(in_machine n2 ping -n -c 1 -W 5 "$1" 2>&1) && { echo "answered"; return 1; }
  grep -Eiq "unreachable|no route" <<<"$output" || { echo "$output"; return 1; }
}

need_product
lab_start
nodes_up n1 n2
pod n1 a
pod n2 c
serve c
range=$(node_range4 n2)
own=$(node_range4 n1)

check "a peer's range is routed by its address" becomes "$(direct "$range" "$(node4 n2)")" "$range"
check "the unused part of the node's own range is unreachable" becomes "unreachable $own proto 105 metric 4294967295" "$own"
check "a sender to an unused address is told, IPv4" is_told "${own%.0/24}.251"
check "a sender to an unused address is told, IPv6" is_told "${pods6}:1::fb"
check "a pod's own address is not" reaches n1 "$(pod4 c)"

in_machine n1 ip route add "$range" via "$(node4 n2)" proto static
check "a foreign route that comes later wins and is alone" becomes "$range via $(node4 n2) dev eth0 proto static" "$range"
check "and the peer's row names it" says n1 nodes "$range is left to $range via $(node4 n2) dev eth0 proto static"
check "pods are reached by it" reaches a "$(pod4 c)"
agent_kill n1
agent_start n1
wait_ready n1
check "a restart leaves it alone" becomes "$range via $(node4 n2) dev eth0 proto static" "$range"
in_machine n1 ip route del "$range"
check "when it goes, ichor's comes" becomes "$(direct "$range" "$(node4 n2)")" "$range"
check "and pods are reached" reaches a "$(pod4 c)"
check "and the row is silent" silent n1 nodes "is left"

in_machine n1 bash -euc "ip link add cni0 type bridge; ip link set cni0 up; ip address add ${own%.0/24}.1/24 dev cni0"
check "another network's bridge for the node's own range is preferred" \
  expect route "dev cni0" "$(in_machine n1 ip route get "${own%.0/24}.251" | grep -o 'dev cni0')"
check "and ichor's pods keep theirs" reaches a "$(pod4 c)"
in_machine n1 ip link del cni0

registered n2 "$pods4.22.0/24" "$(node4 n2)"
check "a peer registered again is routed by its new range" becomes "$(direct "$pods4.22.0/24" "$(node4 n2)")" "$pods4.22.0/24"
check "its old range is not routed any more" becomes "" "$range"
check "a pod that kept its address is reported there" says n2 problems "Pod default/c .*$(pod4 c).*now $pods4.22.0/24"
check "and still reached on its node" reaches n2 "$(pod4 c)"
pod n2 d
serve d
check "a new pod has an address of the new range" expect range "$pods4.22" "$(pod4 d | cut -d. -f1-3)"
check "and is reached from the other node" reaches a "$(pod4 d)"
pod_end n2 c
check "nothing is reported once the old pod is gone" until_true 10 silence silent n2 problems "Pod default/c"

in_machine n2 ip address add "$net4.62/24" dev eth0
registered n2 "$pods4.22.0/24" "$net4.62"
check "a peer whose address changes is routed by it" becomes "$(direct "$pods4.22.0/24" "$net4.62")" "$pods4.22.0/24"
check "and its pods are reached" reaches a "$(pod4 d)"
rm "$lab/manifests/node-n2.json"
check "a peer that leaves is not routed any more" becomes "" "$pods4.22.0/24"

registered n1 "$own" "$(node4 n1)" '{"type": "NetworkUnavailable", "status": "True"}'
status=$lab/manifests/.status/Node..n1.json
written() { [[ $(jq -r '.status.conditions[0] | .type + .status + .reason' "$status") == NetworkUnavailableFalseIchorIsUp ]]; }
check "a network that a cloud calls unavailable is called available" until_true 10 "$status" written
