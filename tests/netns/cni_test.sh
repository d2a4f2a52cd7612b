#!/usr/bin/env bash
# The CNI verbs on real namespaces, in each version, with the agent there and away.
source "$(dirname "$0")/lab.sh"
for part in checks pods objects agents; do source "$netns_tests/$part.sh"; done

result_form() {   # POD VERSION: ADD's reply has that version's form
  pod_namespace n1 "$1"
  CNI_VERSION=$2 cni n1 ADD "$1" >"$lab/n1/$1.json"
  echo n1 >"$lab/$1.node"
  expect cniVersion "$2" "$(jq -r .cniVersion "$lab/n1/$1.json")"
  if [[ $2 == 0.* ]]; then
    expect "address versions" "4 6" "$(jq -r '[.ips[].version] | sort | join(" ")' "$lab/n1/$1.json")"
  else
    expect "address versions" "" "$(jq -r '[.ips[].version // empty] | join(" ")' "$lab/n1/$1.json")"
  fi
  expect interfaces "eth0" "$(jq -r '[.interfaces[] | select(.sandbox) | .name] | join(" ")' "$lab/n1/$1.json")"
  in_pod "$1" ip -br address show dev eth0 | grep "$(pod4 "$1")" >/dev/null
  in_pod "$1" ip -br address show dev eth0 | grep "$(pod6 "$1")" >/dev/null
}

usable_at_once() {   # POD: both addresses, with no duplicate address detection to wait for
  pod n1 "$1"
  expect "tentative addresses" "" "$(in_pod "$1" ip -6 address show dev eth0 tentative scope global)"
  in_pod "$1" ping -n -c 1 -W 2 -4 "$(node4 n1)"
  in_pod "$1" ping -n -c 1 -W 2 -6 "$(node6 n1)"
}

error_code() {   # EXPECTED COMMAND POD: the plugin fails with that code
  local output
  if output=$(cni n1 "$2" "$3"); then echo "succeeded: $output"; return 1; fi
  expect "error code" "$1" "$(jq .code <<<"$output")"
}

attached_already() {
  error_code 100 ADD "$1"
  in_pod "$1" ping -n -c 1 -W 2 "$(node4 n1)"
}

status_code() { CNI_VERSION=1.1.0 error_code "$1" STATUS late; }

check_notices() {   # POD: an address that was taken away
  in_pod "$1" ip address delete "$(pod4 "$1")/32" dev eth0 ||
    in_pod "$1" ip -4 address flush dev eth0
  ! cni n1 CHECK "$1"
}

no_links() { [[ $(host_links n1) == "$links_without_pods" ]]; }
addresses_held() { ls "$(node_file n1 /var/lib/ichor/sandboxes)" 2>/dev/null | wc -l; }

come_and_go() {   # the runtime deletes the namespace as soon as DEL has answered, while the agent still takes the link away
  local agent number
  agent=$(agent_pid n1)
  for number in {1..30}; do pod n1 "brief-$number"; done
  for number in {1..30}; do
    cni n1 DEL "brief-$number" &
    in_machine n1 ip netns delete "brief-$number"
    wait $!
  done
  CNI_VERSION=1.1.0 cni n1 STATUS
  expect "the agent's process" "$agent" "$(agent_pid n1)"
}

need_product
lab_start
nodes_up n1
links_without_pods=$(host_links n1)   # the canary has one

check "thirty pods come and go" come_and_go
check "VERSION lists all" expect versions "0.3.1 0.4.0 1.0.0 1.1.0" \
  "$(cni n1 VERSION | jq -r '.supportedVersions | map(select(. != "0.3.0")) | sort | join(" ")')"
CNI_VERSION=1.1.0 check "STATUS is fine" cni n1 STATUS
for version in 0.3.1 0.4.0 1.0.0 1.1.0; do check "ADD answers as CNI $version" result_form "pod-$version" "$version"; done
check "both addresses are usable when ADD returns" usable_at_once quick
check "CHECK is content" cni n1 CHECK quick
check "ADD of what is attached already is an error, and changes nothing" attached_already quick
check "DEL" pod_end n1 quick
check "DEL again" cni n1 DEL quick
check "DEL of what never was" cni n1 DEL nobody
pod n1 changed
check "CHECK notices a missing address" check_notices changed
in_machine n1 ip netns delete changed
check "DEL with the namespace gone" cni n1 DEL changed

agent_kill n1
pod_namespace n1 late
check "ADD with the agent away fails with code 11" error_code 11 ADD late
CNI_VERSION=1.1.0 check "STATUS is fine while the agent is only being restarted" cni n1 STATUS
echo 0 >"$(node_file n1 /run/ichor/agent.served)"   # as if it had served long ago
check "STATUS with the agent away for longer fails with code 50" status_code 50
for version in 0.3.1 0.4.0 1.0.0 1.1.0; do check "DEL with the agent away, pod-$version" pod_end n1 "pod-$version"; done
check "DEL with the agent away, again" cni n1 DEL pod-1.0.0
agent_start n1
wait_ready n1
until_true 10 "links to be gone" no_links
check "what was deleted meanwhile is gone: links" no_links
check "what was deleted meanwhile is gone: addresses" expect "held addresses" 0 "$(addresses_held)"
check "the next ADD is served" usable_at_once next
