#!/usr/bin/env bash
# A bad configuration: without an older one nothing is written; with one, the agent stays on it, also over a restart, and says so.
source "$(dirname "$0")/lab.sh"
for part in checks pods objects agents; do source "$netns_tests/$part.sh"; done

http_up() { http_any n1 /healthz; }
says() { http_any n1 "$1" | grep -E "$2" >/dev/null || { http_any n1 "$1" | head -c 300; return 1; }; }
nothing_written() {
  expect pins "" "$(ls "$(node_file n1 /sys/fs/bpf/ichor)" 2>/dev/null)"
  expect configuration "" "$(ls "$(node_file n1 /etc/cni/net.d)")"
  expect forwarding 0 "$(in_machine n1 sysctl -n net.ipv4.ip_forward)"
  expect links "eth0 lo" "$(in_machine n1 ls /sys/class/net | sort | xargs)"
}
refuses() {   # VERB ARGUMENT...: exits with an error that names file, line and key
  local output code=0
  output=$(in_machine n1 "$binaries/ichor-agent" "$1" --config "$lab/values.yaml" "${@:2}" 2>&1) || code=$?
  ((code != 0)) || { echo "exit code 0"; return 1; }
  grep -q "values.yaml:2.*ipam.*mode" <<<"$output" || { echo "$output"; return 1; }
}

need_product
lab_start
node n1
node_object n1
good=$'routingMode: native\nipam: {mode: kubernetes}\n'
bad=$'routingMode: native\nipam: {mode: kubernets}\n'
agent_values=("$lab/values.yaml")

printf %s "$bad" >"$lab/values.yaml"
check "plan refuses a bad configuration by file, line and key" refuses plan --manifests "$lab/manifests" --node-name n1
check "check refuses a bad configuration by file, line and key" refuses check
agent_start n1
until_true 10 "the agent to serve" http_up
check "without any good configuration the agent is up, not ready" not_ready n1
check "readyz names the failing check" says /readyz "^FAIL +settings"
check "status names file, line and key" says /status "values.yaml:2.*ipam.mode"
check "and it has written nothing" nothing_written
agent_kill n1

printf %s "$good" >"$lab/values.yaml"
agent_start n1
wait_ready n1
pod n1 a
pod n1 b
serve a
agent_kill n1
printf %s "$bad" >"$lab/values.yaml"
agent_start n1
until_true 10 "the agent to serve" http_up
until_true 10 "the agent to know that it is not ready" says /readyz "values.yaml:2"
check "with a bad configuration after a good one it is not ready" not_ready n1
check "it names file, line and key" says /readyz "values.yaml:2.*ipam.*mode"
check "status says so too" says /status "values.yaml:2"
check "pods go on by the last good one" ask b "$(pod4 a)" 8080
check "new pods are made by the last good one" pod n1 c
check "and reach others" ask c "$(pod6 a)" 8080
