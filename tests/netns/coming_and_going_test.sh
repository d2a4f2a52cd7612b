#!/usr/bin/env bash
# Backends come and go under load, from pods, nodes and outside. One that terminates keeps whom it has and gets nobody new; of one that
# has gone connected UDP sockets are told at once, by whichever node's agent, and flows from outside move.
source "$(dirname "$0")/lab.sh"
for part in checks pods objects agents flows; do source "$netns_tests/$part.sh"; done

vip4=203.0.113.5 vip6=2001:db8:5::5   # of the balancer
changed() {   # SERVICE JQFILTER [ARGUMENT...]: both its slices, at once each; $address is that of the place in the environment
  local family
  for family in 4 6; do
    jq --arg address "$(address "$place" $family)" "$2" "$lab/manifests/slice-$1-$family.json" | put_object "slice-$1-$family"
  done
}
terminates() { local place=$2; changed "$1" '(.endpoints[] | select(.addresses[0] == $address)).conditions = {ready: false, serving: true, terminating: true}'; }
leaves() { local place=$2; changed "$1" 'del(.endpoints[] | select(.addresses[0] == $address))'; }
joins() {   # SERVICE PLACE
  local place=$2
  changed "$1" ".endpoints += [{addresses: [\$address], conditions: {ready: true, serving: true, terminating: false}, nodeName: \"$(pod_node "$2")\"}]"
}
change_service() { jq "$2" "$lab/manifests/service-$1.json" | put_object "service-$1"; }

only() {   # PLACE ADDRESS PORT NAME: it gets all that is new, of both protocols
  local kind
  for kind in "" "--udp"; do expect "who answered" "{\"$4\":20}" "$(ask "${@:1:3}" --count 20 $kind | jq -c .answers)" || return 1; done
}
reaches() { ask "${@:1:3}" --count 40 --udp | jq -e --arg name "$4" '.answers[$name]' >/dev/null; }   # PLACE ADDRESS PORT NAME
everywhere() {   # VERB NAME: as each node tells it
  "$1" c "$(service4 10)" 80 "$2" && "$1" n3 "$(service6 10)" 80 "$2" && "$1" client "$vip4" 80 "$2" && "$1" client "$vip6" 80 "$2"
}

nobody_calls() {   # POD PLACE: no UDP socket there is connected to it
  local sockets
  sockets=$(on "$2" ss -Hnu dst "$(pod4 "$1")"; on "$2" ss -Hnu dst "[$(pod6 "$1")]")
  [[ -z $sockets ]] || { echo "$sockets"; return 1; }
}

# load_start PLACE ADDRESS PORT [--udp]: connections or requests without end, with pauses; load_failures: those that nobody answered.
load_start() {
  ( trap - EXIT; exec >>"$lab/load" 2>&1; while [[ ! -e $lab/load-ends ]]; do ask "${@:1:3}" --count 20 --timeout 5000 "${@:4}" || true; sleep 0.2; done ) &
  loads+=($!)
}
load_stop() { touch "$lab/load-ends"; wait "${loads[@]}" || true; }
load_failures() { jq -rs 'map(.answers | to_entries[] | select(.key | IN("a", "b") | not)) | map("\(.value) \(.key)") | unique | join(" ")' "$lab/load"; }
load_answers() { jq -s 'map(.answers | to_entries[] | select(.key | IN("a", "b")) | .value) | add' "$lab/load"; }

replaces() {   # ROUNDS: each endpoint by the other one, as a Deployment with maxUnavailable 0 does
  local round old=a new=b
  for ((round = 0; round < $1; round++)); do
    joins web $new
    until_true 30 "$new to be reached" everywhere reaches $new || return 1
    terminates web $old
    until_true 30 "$old to get nothing new" everywhere only $new || return 1
    leaves web $old
    until_true 30 "sockets of $old to be cut off" nobody_calls $old c || return 1
    [[ $old == a ]] && old=b new=a || old=a new=b
  done
}

restarts() {   # ROUNDS
  local loads=() code=0
  rm -f "$lab/load" "$lab/load-ends"
  load_start c "$(service4 10)" 80
  load_start c "$(service6 10)" 80 --udp
  load_start client "$(node6 "$door")" 30080
  load_start client "$vip4" 80 --udp
  flows_start inside c "udp:$(target "$(service4 10)" 80)" "udp:$(target "$(service6 10)" 80)" "udpu:$(target "$(service4 10)" 80)"
  flows_start outside client "udp:$(target "$vip4" 80)" "udpu:$(target "$vip6" 80)"
  replaces "$1" || code=$?
  load_stop
  flows_stop
  ((code == 0)) || return 1
  expect "who failed" "" "$(load_failures)"
  expect "flows that broke" "" "$(flows_broken "$lab/flows-inside" "$lab/flows-outside")"
  expect "numbers lost without a connection" 0 "$(jq -s 'map(select(.flow // "" | startswith("udpu")).lost) | add' "$lab/flows-inside" "$lab/flows-outside")"
  # An answer may be on its way when its socket is told: one for each time.
  jq -se --argjson most "$1" 'map(select(.flow and .lost > $most)) == []' "$lab/flows-inside" "$lab/flows-outside" >/dev/null ||
    { cat "$lab/flows-inside" "$lab/flows-outside"; return 1; }
  jq -se --argjson times "$1" 'map(select((.flow // "") | startswith("udp:")).reconnected) | min >= $times' "$lab/flows-inside" >/dev/null ||
    { cat "$lab/flows-inside"; return 1; }
}
measured() {
  figure "$(load_answers) requests by fresh sockets answered; longest gap of a flow $(flows_worst longest_gap_ms "$lab/flows-inside" "$lab/flows-outside") ms"
}
via() {   # NODE: the client reaches the balancer's addresses by that node
  door=$1
  on client ip route replace 203.0.113.0/24 via "$(node4 "$1")"
  on client ip -6 route replace 2001:db8:5::/48 via "$(node6 "$1")"
}

goes() {   # without having terminated
  flows_start inside c $(for family in 4 6; do echo "udp:$(target "$("service$family" 10)" 80)"; done)
  flows_start node n3 $(for family in 4 6; do echo "udp:$(target "$("service$family" 10)" 80)"; done)
  joins web b && until_true 30 "b to be reached" everywhere reaches b || return 1
  endpoints web 8080 b
  until_true 30 "sockets of a to be cut off" nobody_calls a c || return 1
  until_true 30 "sockets of a to be cut off on n3" nobody_calls a n3 || return 1
  flows_stop
  expect "flows that broke" "" "$(flows_broken "$lab/flows-inside" "$lab/flows-node")"
  expect "sockets that were told" 4 "$(jq -s 'map(select(.reconnected > 0)) | length' "$lab/flows-inside" "$lab/flows-node")"
}

keeps() {   # whoever talks to one that terminates goes on with it, also when the other's agent starts anew meanwhile
  flows_start inside c $(for family in 4 6; do echo "udp:$(target "$("service$family" 10)" 80)" "tcp:$(target "$("service$family" 10)" 80)"; done)
  flows_start outside client "udp:$(target "$vip4" 80)" "udp:$(target "$vip6" 80)" "tcp:$(target "$vip4" 80)"
  joins web b && until_true 30 "b to be reached" everywhere reaches b || return 1
  terminates web a && until_true 30 "a to get nothing new" everywhere only b || return 1
  agent_kill n2; agent_kill n3; agent_start n2; agent_start n3; wait_ready n2 n3
  until_true 30 "a to get nothing new" everywhere only b || return 1
  nobody_calls a c >/dev/null && { echo "c calls a no more"; return 1; }
  flows_stop
  expect "flows that broke" "" "$(flows_broken "$lab/flows-inside" "$lab/flows-outside")"
  expect "numbers lost" 0 "$(flows_sum lost "$lab/flows-inside" "$lab/flows-outside")"
  expect "sockets that were told" 0 "$(flows_sum reconnected "$lab/flows-inside" "$lab/flows-outside")"
  endpoints web 8080 a
  until_true 30 "a alone" everywhere only a
}

need_product
lab_start
nodes_up n1 n2 n3
client
pod n1 a; pod n1 b; pod n2 c
for place in a b; do serve "$place"; done
via n3
service web 10
endpoints web 8080 a
change_service web ".spec.type = \"LoadBalancer\" | .spec.ports[].nodePort = 30080
  | .status.loadBalancer.ingress = [{\"ip\": \"$vip4\"}, {\"ip\": \"$vip6\"}]"
until_true 30 "web" everywhere only a

check "one that terminates keeps whom it has, also over its clients' agents' restarts, and gets nobody new" keeps
check "connected sockets of one that has gone are told, and connect to another" goes
endpoints web 8080 a
until_true 30 "a alone" everywhere only a
check "endpoints are replaced four times under load: no request fails, no flow breaks" restarts 4
measured
via n1
change_service web '.spec.externalTrafficPolicy = "Local"'
until_true 30 "policy Local" everywhere only a
check "the same with externalTrafficPolicy Local, by their node" restarts 2
measured
