#!/usr/bin/env bash
# The agent is killed at each system call of an ADD, one after another: no address is ever given twice, and the next ADD works.
# usage: crash_test.sh [all]     without: only at calls that can change something outside the process, since what a kill at any other
# call leaves is what a kill at the next of these leaves
source "$(dirname "$0")/lab.sh"
for part in checks pods objects agents; do source "$netns_tests/$part.sh"; done
reading='^(close|read|pread64|recvfrom|recvmsg|poll|ppoll|epoll_wait|futex|getdents64|newfstatat|fstat|lseek|restart_syscall|socket|bind|connect|accept4|getsockname|getsockopt|setsockopt|fcntl|clock_nanosleep|rt_sig.*|mprotect|munmap|mmap|brk|madvise|getrandom|statfs|readlink|sched_yield)$'
[[ ${1:-} != all ]] || reading='^sched_yield$'   # how often a thread yields is chance

# trace OPTION...: strace on all threads of the agent, in the background.
trace() {
  strace -f -qq -p "$(agent_pid n1)" -e trace=all "$@" 2>/dev/null &
  tracer=$!
  until_true 5 "strace to attach" traced
}
traced() { awk '/^TracerPid/ && $2 != 0 {found = 1} END {exit !found}' "/proc/$(agent_pid n1)/status"; }
trace_end() {   # SIGNAL: TERM lets strace write what it saw, but now and then it waits for ever after an injected kill
  kill "-$1" "$tracer" 2>/dev/null || true
  { wait "$tracer"; } 2>/dev/null || true
}

# "NAME COUNT" for each system call of one ADD: the most that one thread makes of it. strace counts by thread and call, too.
calls_of_add() {
  pod_namespace n1 recorded
  trace -o "$lab/trace"
  cni n1 ADD recorded >/dev/null
  trace_end TERM
  cni n1 DEL recorded
  in_machine n1 ip netns delete recorded
  awk '$2 !~ /^(<|\+|-)/ {sub(/\(.*/, "", $2); count[$1 " " $2]++}
    END {for (key in count) {split(key, part, " "); if (count[key] > most[part[2]]) most[part[2]] = count[key]}
         for (name in most) print name, most[name]}' "$lab/trace" | sort | grep -Ev "^(exit|exit_group) " |
    while read -r name count; do [[ $name =~ $reading ]] || echo "$name $count"; done
}

given() { jq -r '.ips[]?.address | split("/")[0]' "$1" 2>/dev/null; }
inside() { in_machine n1 ip -n "$1" -j address show dev eth0 scope global 2>/dev/null | jq -r '.[].addr_info[].local'; }
links_are() { expect "links of pods and the canary" "$1" "$(host_links n1)"; }
settled() { gone "$1" || agent_ready n1; }
served() {   # by this agent: what the last one noted does not count
  rm -f "$(node_file n1 /run/ichor/agent.served)"
  CNI_VERSION=1.1.0 cni n1 STATUS
}

# All addresses that a pod holds, or was told: each once.
unique() {
  local doubles
  doubles=$({ given "$lab/n1/a.json"; given "$lab/n1/b.json"; { given "$lab/n1/broken.json"; inside broken; } | sort -u; given "$lab/n1/after.json"; } | sort | uniq -d)
  expect "addresses given twice" "" "$doubles"
}

one_stop() {   # NAME NUMBER: the agent dies when a thread enters that call for that time
  local pid
  pod_namespace n1 broken
  pid=$(agent_pid n1)
  trace -o /dev/null -e "inject=$1:signal=KILL:when=$2"
  cni n1 ADD broken >"$lab/n1/broken.json" 2>/dev/null || rm -f "$lab/n1/broken.json"
  trace_end KILL
  until_true 5 "the agent to be reaped or to serve" settled "$pid"
  if gone "$pid"; then
    agent_start n1
    until_true 10 "the agent to serve" served
  else
    ((++survived))
  fi
  pod n1 after
  unique
  in_pod after ping -n -c 1 -W 2 "$(pod4 b)" >/dev/null
  pod_end n1 after
  cni n1 DEL broken
  in_machine n1 ip netns delete broken
  rm -f "$lab/n1/broken.json"
  rmdir "$lab_group/n1/pods/broken"
}

walk() {
  local name count number stops=0
  survived=0
  while read -r name count <&4; do
    for ((number = 1; number <= count; ++number)); do
      one_stop "$name" "$number" || { echo "at call $name number $number"; return 1; }
      ((++stops))
    done
  done 4<"$lab/calls"
  echo "$stops stops, $survived of them not reached" >"$lab/stops"
  # How often netlink is read hangs on what else happens, so that some numbers are never reached: not most of them.
  ((survived * 2 < stops)) || { cat "$lab/stops"; return 1; }
}

need_product
lab_start
nodes_up n1
pod n1 a; pod n1 b
links=$(host_links n1)
calls_of_add >"$lab/calls"
check "killed at each system call of ADD, no address is given twice and the next ADD works" walk
echo "# $(cat "$lab/stops" 2>/dev/null || echo "stopped early"): $(xargs <"$lab/calls")"
until_true 10 "links to be gone" links_are "$links" || true
check "what the stopped ADDs left is gone" links_are "$links"
