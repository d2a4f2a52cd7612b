#!/usr/bin/env bash
# Pods and the world: a host on the segment that has no route to pods sees them as their node, whatever they send and however large, and
# its answers come back; agents are killed and stay away, and neither flows nor new connections notice. Uplinks make no checksums here,
# as real cards' do and a veth hides: what is wrong in one is lost.
source "$(dirname "$0")/lab.sh"
for part in checks pods objects agents flows; do source "$netns_tests/$part.sh"; done

seen_as() {   # PLACE ADDRESS PORT EXPECTED [ARGUMENT...]: whom the server saw
  expect "the client's address" "$4" "$(ask "${@:1:3}" "${@:5}" | jq -r .answer.peer)"
}
as_node() {   # POD NODE
  seen_as "$1" "$net4.200" 8080 "$(node4 "$2")"
  seen_as "$1" "$net6:200" 8080 "$(node6 "$2")"
  seen_as "$1" "$net4.200" 8080 "$(node4 "$2")" --udp
  seen_as "$1" "$net6:200" 8080 "$(node6 "$2")" --udp
  seen_as "$1" "$net4.200" 8080 "$(node4 "$2")" --udp --unconnected
}
as_itself() {   # POD PLACE
  seen_as "$1" "$(address "$2" 4)" 8080 "$(pod4 "$1")"
  seen_as "$1" "$(address "$2" 6)" 8080 "$(pod6 "$1")" --udp
}
pings() { on "$1" ping -n -c 2 -i 0.2 -W 3 "${@:2}" "$net4.200" && on "$1" ping -n -c 2 -i 0.2 -W 3 "${@:2}" "$net6:200"; }
downloads() {
  local address
  for address in "$net4.200" "$net6:200"; do
    expect "intact" true "$(on a "$traffic" download --bytes 20000000 "$(target "$address" 8080)" | jq .intact)"
  done
}
shows_nat() {   # POD NODE: its flows to the world, with the node's address
  local rows
  rows=$(http "$2" "/tables/nat?format=json&address=$(pod4 "$1")&limit=50")
  expect "kinds, addresses and pods" "masquerade $(node4 "$2") $1" \
    "$(jq -r '.[] | "\(.kind) \(.xlate_src | split(":")[0]) \(.pod | split("/")[1])"' <<<"$rows" | sort -u)"
}
nothing_untranslated() {
  expect "packets of other addresses" "" "$(tcpdump -r "$lab/seen" -n "ip and net $pods4.0.0/16 or ip6 and net $pods6::/32" 2>/dev/null | head -n 3)"
  (($(tcpdump -r "$lab/seen" -n "host $(node4 n1)" 2>/dev/null | wc -l) > 10))
}
new_connections() { as_node a n1 && as_node b n1; }
kills() {
  local round
  flows_start world a $(targets_of 8080 "$net4.200" "$net6:200")
  for round in 1 2 3 4 5; do
    agent_kill n1
    new_connections
    agent_start n1
    wait_ready n1
  done
  flows_stop
  expect "flows that broke" "" "$(flows_broken "$lab/flows-world")"
  expect "numbers lost" 0 "$(flows_sum lost "$lab/flows-world")"
}
back() { on client "$traffic" ask "$(target "$1" 8080)" | jq -e .answer.name; }
# The world has a route to the pod, and calls it: the answer is the pod's own.
called_directly() {
  on client ip route add "$(node_range4 n1)" via "$(node4 n1)"
  on client ip -6 route add "$(node_range6 n1)" via "$(node6 n1)"
  back "$(pod4 a)" && back "$(pod6 a)"
  as_node a n1
  on client ip route delete "$(node_range4 n1)"
  on client ip -6 route delete "$(node_range6 n1)"
}

need_product
lab_start
nodes_up n1 n2
client
for machine in n1 n2 client; do in_machine "$machine" ethtool -K eth0 tx off >/dev/null; done
pod n1 a; pod n1 b; pod n2 c
for place in a c n1 client; do serve "$place"; done
on client tcpdump -i eth0 -s 100 -U -w "$lab/seen" --immediate-mode "not arp" >/dev/null 2>"$lab/logs/tcpdump" &
until_true 10 "tcpdump" grep listening "$lab/logs/tcpdump"
until_true 10 "masquerade" as_node a n1

check "a pod is seen as its node, TCP and UDP, both families" new_connections
check "a pod of another node as that one" as_node c n2
check "two pods ask the same by turns, and each has its own answers" eval 'for i in 1 2 3 4 5; do new_connections; done'
check "get nat shows a pod's flows" shows_nat a n1
check "echoes" pings a
check "echoes in fragments" pings b -s 4000
check "datagrams of 60 kB" pings a -s 60000
check "20 MB intact" downloads
check "pods of peers see a pod as itself" as_itself a c
check "so do the nodes" as_itself c n1
check "no packet of a pod was seen with the pod's address" nothing_untranslated
check "who calls a pod's own address has its answer from there" called_directly
check "five agents are killed under flows: none breaks, no number is lost, new ones go on meanwhile" kills
