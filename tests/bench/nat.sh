#!/usr/bin/env bash
# Masquerade and its table under load: 28,000 connections of one node's pods to one address and port; 20,000 new flows a second for a
# minute; the same in a table that is too small; a pod that floods with what nobody answers; and rounds of flows with the agent away.
# A flow of the flood is a TCP connection: SYN, SYN and ACK of a real listener, and the reset of a kernel that knows of no such socket.
# Only failures have goals; how fast the sender was on this machine is a row of its own.
source "$(dirname "$0")/../netns/lab.sh"
for part in checks pods objects agents flows; do source "$netns_tests/$part.sh"; done
source "$repository/tests/bench/rows.sh"
connections=${BENCH_CONNECTIONS:-28000} rate=${BENCH_RATE:-20000} seconds=${BENCH_SECONDS:-60} unanswered=${BENCH_UNANSWERED:-1000000}
rounds=${BENCH_NAT_ROUNDS:-10}
world=198.18.0.0 many=64      # addresses that are all the client's
large=400000 small=16384      # flows; the first has room for $rate closed ones a second, each of which stays 10 s and until it is seen

one() { echo "[$1]"; }
set_room() { printf 'bpf:\n  ctTcpMax: %s\n' "$1" >"$lab/room.new" && mv "$lab/room.new" "$lab/room.yaml"; }
drops() { http n1 '/status?format=json' | jq --arg reason "$1" '.drops[] | select(.reason == $reason) | .count'; }
all_drops() {   # but for ARP and neighbour discovery, which are no packets of flows
  http n1 '/status?format=json' | jq -c '[.drops[] | select(.count > 0 and .reason != "foreign_neighbor") | {(.reason): .count}] | add // {}'
}
dropped() {   # BEFORE AFTER
  jq -n --argjson before "$1" --argjson after "$2" '[$after | to_entries[] | .value - ($before[.key] // 0)] | add // 0'
}
entries() {   # in the table, as the last look and those who opened flows since say
  in_machine n1 bpftool -j map dump pinned "$(in_machine n1 bash -c 'echo /sys/fs/bpf/ichor/maps/flow_sweeper_v*')" |
    jq '.[0].formatted.value.alive // .[0].value.alive'
}
has_entries() { (($(entries) <= $1)); }
has_room() { [[ $(in_machine n1 bpftool -j map show pinned /sys/fs/bpf/ichor/maps/flows_v1 | jq .max_entries) == "$1" ]]; }
answered() { in_machine client nstat -asz --json TcpExtSyncookiesSent | jq '.kernel.TcpExtSyncookiesSent'; }
flood() { on "$1" "$binaries/bench_flood" "${@:2}"; }   # POD KIND ADDRESS ADDRESSES PORT FIRST FLOWS RATE

hold_start() {   # TAG POD TARGET CONNECTIONS: returns when all were tried
  on "$2" "$binaries/bench_hold" "$3" "$4" >"$lab/flows-$1" 2>>"$lab/logs/hold" &
  flow_jobs[$1]=$!
}
hold_tried() { grep -q opened "$lab/flows-$1"; }
held() { jq -s --arg field "$1" '[.[][$field] // 0] | add' "${@:2}"; }   # FIELD FILE...

need_product
lab_start
set_room $large
agent_values+=("$lab/room.yaml")
nodes_up n1
client
for pod in a b c d; do pod n1 $pod; done
in_machine client bash -euc "ip route add local $world/15 dev lo; sysctl -qw net.ipv4.tcp_syncookies=2"
in_machine n1 ip route add $world/15 via "$(address client 4)"
for server in 1 2 3 4; do   # a process may not have descriptors for all
  on client "$binaries/bench_crr" serve 8081 >"$lab/logs/crr-$server" 2>&1 &
  disown
  until_true 5 "a server" grep -q serving "$lab/logs/crr-$server"
done
serve client
until_true 20 "room for $large flows" has_room $((2 * large))
until_true 20 "masquerade" ask a "$(address client 4)" 8080

say "$connections connections to one address and port"
before=$(drops no_nat_port)
for pod in a b c d; do hold_start "hold-$pod" $pod "$(target "$(address client 4)" 8081)" $((connections / 4)); done
for pod in a b c d; do until_true 300 "connections of $pod" hold_tried "hold-$pod"; done
opened=$(held opened "$lab"/flows-hold-?)
ports() { http n1 '/status?format=json' | jq '.busiest_nat_destination.ports // 0'; }
until_true 60 "/status to count the ports" eval '(($(ports) >= opened))' || true
shown=$(ports)
refused=$(($(drops no_nat_port) - before))
flows_stop
row "$connections connections to one address: not opened" connections 0 "$(one "$(held failed "$lab"/flows-hold-?)")" null "4 pods, one node address"
row "$connections connections to one address: broken" connections 0 "$(one "$(held broken "$lab"/flows-hold-?)")"
row "$connections connections to one address: packets without a port" packets 0 "$(one $refused)" null "/status shows $shown ports taken"
until_true 60 "an empty table" has_entries 100

say "$rate new flows a second for $seconds s"
before=$(all_drops) answers=$(answered)
sent=$(flood a tcp $world $many 8081 0 $((rate * seconds)) "$rate")
fullest=$(entries)
after=$(all_drops)
row "$rate new flows a second for $seconds s: dropped" packets 0 \
  "$(one "$(dropped "$before" "$after")")" null "the sender reached $(jq .per_second <<<"$sent") a second; all drops: $after"
row "$rate new flows a second for $seconds s: not answered" flows null "$(one $((rate * seconds - ($(answered) - answers))))" null \
  "whatever the cause: queues of this machine too"
row "the sender's rate" "flows/s" null "$(one "$(jq .per_second <<<"$sent")")" null "asked for: $rate"
row "entries in the table then" entries null "$(one "$fullest")" null "room for $((2 * large))"

say "$unanswered flows that nobody answers, from one pod"
# Half of them to the very address that others call, half to more addresses than a pod may have unanswered flows at.
press() {   # TAG FIRST-ADDRESS ADDRESSES
  local job quiet
  quiet=$(all_drops)
  flood a unanswered "$2" "$3" 8081 0 $((unanswered / 2)) 0 >"$lab/flood-$1" &
  job=$!
  until_true 60 "the flood to meet a limit" eval '[[ $(all_drops) != "$quiet" ]]'
  hold_start "new-$1" c "$(target "$2" 8081)" 4000
  until_true 300 "new connections to $2" hold_tried "new-$1"
  wait $job
}
flows_start bystander b $(targets_of 8080 "$(address client 4)" "$(address client 6)")
before=$(drops half_open)
press one "$(address client 4)" 1
press many $world 16
pressed=$(($(drops half_open) - before))
flows_stop
name="$unanswered unanswered flows of a pod"
row "$name: others' new connections that failed" connections 0 "$(one "$(held failed "$lab"/flows-new-*)")"
row "$name: others' connections and flows that broke" flows 0 \
  "$(one $(($(held broken "$lab"/flows-new-*) + $(flows_broken "$lab/flows-bystander" | wc -l))))"
row "$name: others' numbers that were lost" numbers null "$(one "$(flows_sum lost "$lab/flows-bystander")")" null \
  "whatever the cause: queues of this machine too"
row "$name: refused as half_open" packets null "$(one $pressed)"
until_true 120 "an empty table" has_entries 100

say "$rate new flows a second in room for $small"
set_room $small
agent_kill n1
agent_start n1
wait_ready n1
until_true 20 "room for $small flows" has_room $((2 * small))
full_is_a_problem() { http n1 '/status?format=json' | jq -e '.problems[] | select(.subject == "table flows")'; }
silent=0
flood a tcp $world $many 8081 0 $((30 * rate)) "$rate" >"$lab/flood-full" &
job=$!
until_true 30 "a problem" full_is_a_problem || ((++silent))
wait $job
full=$(drops flows_full)
((full > 0)) || ((++silent))
row "$rate new flows a second in room for $small: not said by reason and problem" things 0 "$(one $silent)"
row "$rate new flows a second in room for $small: refused as flows_full" packets null "$(one "$full")" null "of $((30 * rate))"
until_true 60 "an empty table" has_entries 100

# The flows of a day one after the other, without the pauses between them; how long each lives is as always.
say "$rounds rounds of flows with the agent away"
before=$(all_drops)
agent_kill n1
for ((round = 0; round < rounds; ++round)); do
  flood a tcp $world $many 8081 $((round * small / 3)) $((small / 3)) "$rate" >"$lab/flood-round"
  flood b udp $world $many 8080 $((round * small / 64)) $((small / 64)) "$rate" >"$lab/flood-round"
  flood c unanswered $world $many 8081 $((round * small / 32)) $((small / 32)) "$rate" >"$lab/flood-round"
  until_true 200 "room for another round" has_entries $small
done
until_true 200 "an empty table" has_entries 0 || true
left=$(entries)
agent_start n1
wait_ready n1
after=$(all_drops)
name="$rounds rounds of $((small / 3 + small / 64 + small / 32)) flows in room for $small, agent away"
row "$name: entries left" entries 0 "$(one "$left")"
row "$name: dropped" packets 0 "$(one "$(dropped "$before" "$after")")" null "$after"
