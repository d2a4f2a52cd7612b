#!/usr/bin/env bash
# Agents are killed at random moments under long-lived flows; nobody notices. Then all agents stay away, and everything goes on.
# usage: restart_test.sh [KILLS]      10 without; the seed of the random moments is printed and taken from $SEED
source "$(dirname "$0")/lab.sh"
for part in checks pods objects agents flows; do source "$netns_tests/$part.sh"; done
kills=${1:-10}
nodes=(n1 n2 n3)
RANDOM=${SEED:=$((EPOCHSECONDS % 32768))}

start_flows() {   # RUN: pod to pod on one node and across, by address and ClusterIP, and the node's own
  mapfile -t by_address < <(targets_of 8080 "$(pod4 a)" "$(pod6 a)" "$(pod4 c)" "$(pod6 c)")
  mapfile -t by_service < <(targets_of 80 "$(service4 10)" "$(service6 10)")
  flows_start "$1-pod" b "${by_address[@]}" "${by_service[@]}"
  flows_start "$1-node" n1 "${by_service[@]}" "tcp:$(target "$(pod4 c)" 8080)" "udp:$(target "$(pod6 a)" 8080)"
}

random_pause() { sleep "0.$(printf %03d $((RANDOM % 900)))"; }

kill_at_random() {
  local count node
  for ((count = 0; count < kills; ++count)); do
    node=${nodes[RANDOM % 3]}
    random_pause
    agent_kill "$node"
    agent_start "$node"
  done
  wait_ready "${nodes[@]}"
}

no_worse() {   # FIELD RUN CONTROL: the sum over all flows
  local seen allowed
  seen=$(flows_sum "$1" "$lab/flows-$2"-*)
  allowed=$(flows_sum "$1" "$lab/flows-$3"-*)
  ((seen <= allowed)) || { jq -c "select(.flow and .$1 > 0)" "$lab/flows-$2"-*; echo "$seen beside $allowed in the control run"; return 1; }
}

judge() {   # WORDS RUN
  check "$1: no flow broke" expect "broken flows" "" "$(flows_broken "$lab/flows-$2"-*)"
  check "$1: no more numbers lost than in the control run" no_worse lost "$2" control
  check "$1: no number came twice or out of order" no_worse disordered "$2" control
}

flows_moved() {   # each of the running flows has still a way: what a new request sees
  ask b "$(pod4 a)" 8080 && ask b "$(pod6 c)" 8080 && ask b "$(service6 10)" 80 && ask n2 "$(service4 10)" 80 --udp
}

need_product
lab_start
nodes_up "${nodes[@]}"
pod n1 a; pod n1 b; pod n2 c
for place in a c; do serve "$place"; done
service web 10
endpoints web 8080 a c
for node in "${nodes[@]}"; do
  until_true 10 "web on $node" ask "$node" "$(service4 10)" 80
  until_true 10 "web on $node" ask "$node" "$(service6 10)" 80
done

started=$SECONDS
start_flows killed
kill_at_random
flows_stop
length=$((SECONDS - started))

start_flows control
sleep "$length"   # the control run lasts as long as what it is compared with
flows_stop

tell() { echo "$1: longest pause $(flows_worst longest_gap_ms "$lab/flows-$2"-*) ms, $(flows_sum retransmitted "$lab/flows-$2"-*) segments sent again"; }
tell "# $kills kills in $length s, seed $SEED" killed
tell "# control run" control   # a busy machine makes TCP probe in vain here too
judge "$kills kills" killed

start_flows away
for node in "${nodes[@]}"; do agent_kill "$node"; done
check "all agents away: new connections go on" flows_moved
random_pause
for node in "${nodes[@]}"; do agent_start "$node"; done
wait_ready "${nodes[@]}"
flows_stop
judge "all agents away, then back" away
[[ -z ${RESTART_RESULT:-} ]] ||
  jq -n --argjson kills "$kills" --argjson lost "$(flows_sum lost "$lab"/flows-killed-*)" --argjson control "$(flows_sum lost "$lab"/flows-control-*)" \
    --argjson pause "$(flows_worst longest_gap_ms "$lab"/flows-killed-*)" --argjson control_pause "$(flows_worst longest_gap_ms "$lab"/flows-control-*)" \
    --argjson retransmitted "$(flows_sum retransmitted "$lab"/flows-killed-*)" --arg broken "$(flows_broken "$lab"/flows-killed-*)" \
    '{$kills, $lost, $control, $pause, $control_pause, $retransmitted, $broken}' >"$RESTART_RESULT"
