#!/usr/bin/env bash
# An agent that starts on a node where everything is right writes nothing, the canary's own rows aside.
source "$(dirname "$0")/lab.sh"
for part in checks pods objects agents; do source "$netns_tests/$part.sh"; done

programs() { in_machine n1 bash -c 'bpftool -j link show | jq -c "sort_by(.id) | map([.id, .prog_id])"; tc -j filter show dev '"$1"' ingress'; }
pod_link() { in_machine n1 ip -br link show | grep -o '^ich[0-9a-z]*' | head -1; }

need_product
lab_start
nodes_up n1
pod n1 a; pod n1 b
service web 10
endpoints web 8080 a b
serve a; serve b
until_true 10 "web" ask n1 "$(service4 10)" 80
link=$(pod_link)
before=$(programs "$link")
check "the first start counts its writes" test "$(counter n1 writes)" -gt 0
agent_kill n1
agent_start n1
wait_ready n1
check "a start on a settled node writes nothing" expect writes 0 "$(counter n1 writes)"
check "nothing fails" expect "failed writes" 0 "$(counter n1 failed_writes)"
check "programs and links are the same ones" expect programs "$before" "$(programs "$link")"
check "the service answers" ask b "$(service4 10)" 80
