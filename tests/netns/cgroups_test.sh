#!/usr/bin/env bash
# Socket programs that do not see the pods: /readyz and check say so, and what to do. A node is well as soon as they do.
source "$(dirname "$0")/lab.sh"
for part in checks pods objects agents; do source "$netns_tests/$part.sh"; done

# In a cgroup namespace of its own, with what that shows mounted, as a container has it.
in_own_namespace() {   # NODE COMMAND...
  in_machine "$1" bash -euc '
    mkdir -p /sys/fs/cgroup/container
    echo 0 >/sys/fs/cgroup/container/cgroup.procs
    exec unshare --cgroup --mount bash -euc "umount /sys/fs/cgroup; mount -t cgroup2 cgroup2 /sys/fs/cgroup; exec \"\$@\"" - "$@"' - "${@:2}"
}

readyz_says() { http_any "$1" /readyz | grep -E "^FAIL  canary_from_host .*$2" >/dev/null; }
check_fails() {   # REGEX COMMAND...: the verb check, and for that reason
  local output code=0
  output=$("${@:2}" "$binaries/ichor-agent" check "${agent_arguments[@]}") || code=$?
  ((code != 0)) || { echo "check is content"; return 1; }
  grep -A1 '^FAIL  pods_cgroup' <<<"$output" | tr '\n' ' ' | grep -E "$1" >/dev/null || { grep -E '^FAIL|pods_cgroup' <<<"$output"; return 1; }
}
check_is_content() {
  in_machine "$1" "$binaries/ichor-agent" check "${agent_arguments[@]}" | grep '^ok  *pods_cgroup  *programs on /sys/fs/cgroup run' >/dev/null
}

need_product
lab_start
agent_arguments=()
for file in "${agent_values[@]}"; do agent_arguments+=(--config "$file"); done
for node in n1 n2; do
  node "$node"
  node_object "$node"
done

agent_start n1 --set cgroup.hostRoot=/sys/fs/cgroup/host
check "hostRoot beside the pods: /readyz names both groups" until_true 20 "/readyz" readyz_says n1 \
  'no socket program runs for /sys/fs/cgroup/ichor-canary.*cgroup.hostRoot, /sys/fs/cgroup/host$'
check "hostRoot beside the pods: not ready" not_ready n1
agent_arguments+=(--set cgroup.hostRoot=/sys/fs/cgroup/host)
check "hostRoot beside the pods: check fails" check_fails 'pods, which are in /sys/fs/cgroup .*advice: let cgroup.hostRoot be' in_machine n1
unset 'agent_arguments[-1]' 'agent_arguments[-1]'
agent_kill n1
agent_start n1
check "hostRoot above the pods: ready" wait_ready n1
check "hostRoot above the pods: check is content" check_is_content n1

in_own_namespace n2 "$binaries/ichor-agent" run "${agent_arguments[@]}" --manifests "$lab/manifests" --node-name n2 >"$(agent_log n2)" 2>&1 &
disown
check "the agent in a cgroup namespace of its own: /readyz names it" until_true 20 "/readyz" readyz_says n2 \
  'a part of the control groups only: process 1 is in /../host'
check "the agent in a cgroup namespace of its own: not ready" not_ready n2
check "the agent in a cgroup namespace of its own: check fails" check_fails 'a part of the control groups only.*--cgroupns=host' in_own_namespace n2
in_machine n2 mkdir /sys/fs/cgroup/container/kubepods
check "with the pods in it: ready" wait_ready n2
