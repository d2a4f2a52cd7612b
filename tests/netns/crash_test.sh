#!/usr/bin/env bash
# The agent is killed at each system call of an ADD, one after another: no address is ever given twice, and the next ADD works.
# usage: crash_test.sh [FIRST [STEP]]     strace counts the calls of each thread; the walk ends when an ADD gets through whole
source "$(dirname "$0")/lab.sh"
for part in checks pods objects agents; do source "$netns_tests/$part.sh"; done

# Kills the agent when one of its threads enters its call number CALL from now on.
trap_set() {
  strace -f -qq -o /dev/null -p "$(agent_pid n1)" -e trace=all -e "inject=all:signal=KILL:when=$1" 2>"$lab/strace" &
  tracer=$!
  until_true 5 "strace to attach" traced
}
traced() { awk '/^TracerPid/ && $2 != 0 {found = 1} END {exit !found}' "/proc/$(agent_pid n1)/status"; }

given() { jq -r '.ips[]?.address | split("/")[0]' "$1" 2>/dev/null; }
inside() { in_machine n1 ip -n "$1" -j address show dev eth0 scope global 2>/dev/null | jq -r '.[].addr_info[].local'; }

served() { CNI_VERSION=1.1.0 cni n1 STATUS; }

# All addresses that a pod holds, or was told: each once.
unique() {
  local doubles
  doubles=$({ given "$lab/n1/a.json"; given "$lab/n1/b.json"; { given "$lab/n1/broken.json"; inside broken; } | sort -u; given "$lab/n1/after.json"; } | sort | uniq -d)
  expect "addresses given twice" "" "$doubles"
}

one_stop() {   # CALL: sets `through` when the ADD was not stopped
  local call=$1
  pod_namespace n1 broken
  trap_set "$call"
  cni n1 ADD broken >"$lab/n1/broken.json" 2>/dev/null || rm -f "$lab/n1/broken.json"
  if agent_runs n1; then
    kill "$tracer" 2>/dev/null || true
    through=1
  fi
  { wait "$tracer"; } 2>/dev/null || true
  agent_runs n1 || agent_start n1
  until_true 10 "the agent after call $call" served
  pod n1 after
  unique
  until_true 5 "pod b from pod after, call $call" in_pod after ping -n -c 1 -W 1 "$(pod4 b)"
  pod_end n1 after
  cni n1 DEL broken
  in_machine n1 ip netns delete broken
  rm -f "$lab/n1/broken.json"
  rmdir "$lab_group/n1/pods/broken"
}

walk() {
  through=
  for ((call = ${1:-1}; call < 5000; call += ${2:-1})); do
    one_stop "$call" || { echo "call $call"; return 1; }
    [[ -z $through ]] || break
  done
  echo "$call" >"$lab/calls"
  expect "an ADD that gets through" 1 "$through"
}

need_product
lab_start
nodes_up n1
pod n1 a; pod n1 b
check "killed at each system call of ADD, no address is given twice and the next ADD works" walk "$@"
echo "# the ADD got through at call $(cat "$lab/calls" 2>/dev/null || echo "?")"
links=$(in_machine n1 ip -br link show | grep -c '^ich[0-9a-f]')
check "what the stopped ADDs left is gone" expect "pod links" 2 "$links"
