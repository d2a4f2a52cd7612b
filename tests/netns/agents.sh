# Sourced after objects.sh: ichor's agents on the nodes of the laboratory. Each is alone in its control group, which is how it is found.

agent_values=("$repository/machineconfig/cilium-base-values.yaml" "$repository/machineconfig/cilium-hubble-values.yaml")
[[ -z ${LAB_VALUES:-} ]] || agent_values+=("$LAB_VALUES")   # one more file for every agent of a run

agent_log() { echo "$lab/logs/$1.agent"; }
# The first one there: a child that makes a socket for the canary is in the group for a moment.
agent_pid() { local pid=; read -r pid 2>/dev/null <"$lab_group/$1/agent/cgroup.procs" || true; echo "$pid"; }
agent_runs() { [[ -n $(agent_pid "$1") ]]; }

# agent_run NODE ARGUMENT...: starts it with these and no others, and waits only until agent_kill would find it.
agent_run() {
  local node=$1
  mkdir -p "$lab_group/$node/agent"
  in_machine "$node" bash -c 'echo 0 >/sys/fs/cgroup/agent/cgroup.procs; exec "$@"' - "$binaries/ichor-agent" run "${@:2}" \
    >>"$(agent_log "$node")" 2>&1 &
  disown
  until_true 10 "the agent of $node to begin" agent_has_begun "$node" "$!"
}
agent_has_begun() { agent_runs "$1" || [[ ! -e /proc/$2 ]]; }

# agent_start NODE [ARGUMENT...]: with the laboratory's objects. Configuration: agent_values, which a test may change.
agent_start() {
  local node=$1 file arguments=()
  for file in "${agent_values[@]}"; do arguments+=(--config "$file"); done
  agent_run "$node" "${arguments[@]}" --manifests "$lab/manifests" --node-name "$node" "${@:2}"
}

agent_kill() {   # SIGKILL, as a crash would; returns when it is reaped: before that its sockets may still be open
  local pid
  pid=$(agent_pid "$1")
  [[ -z $pid ]] || kill -9 "$pid" 2>/dev/null || true
  until_true 10 "the agent of $1 to be gone" gone "$pid"
}
gone() { [[ -z $1 || ! -e /proc/$1/stat ]]; }

# http NODE PATH: the agent's answer; fails unless it is 200.
http() { in_machine "$1" curl -sS --fail --max-time 5 "http://127.0.0.1:9879$2"; }
http_any() { in_machine "$1" curl -sS --max-time 5 "http://127.0.0.1:9879$2"; }   # whatever its code
agent_ready() { http "$1" /readyz; }
not_ready() { [[ $(in_machine "$1" curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1:9879/readyz) == 503 ]]; }

wait_ready() {
  local node
  for node in "$@"; do
    until_true 20 "$node to be ready" agent_ready "$node" && continue
    http_any "$node" /readyz >&2 || true
    tail -n 20 "$(agent_log "$node")" >&2
    return 1
  done
}

# nodes_up nN...: nodes with their objects and agents, ready.
nodes_up() {
  local node
  for node in "$@"; do
    node "$node"
    node_object "$node"
  done
  for node in "$@"; do agent_start "$node"; done
  wait_ready "$@"
}

# counter NODE NAME: of the agent's counters in /status.
counter() { http "$1" '/status?format=json' | jq -e --arg name "$2" '[.. | objects | select(has($name)) | .[$name] | numbers][0]'; }

# pinned NODE KIND: of each of its agent's pinned links or maps the pin, the kernel's number and, of a link, the program's.
pinned() {
  in_machine "$1" bash -euc '
    for pin in /sys/fs/bpf/ichor/"$1s"/*; do bpftool -j "$1" show pinned "$pin" | jq -c --arg pin "$pin" "[\$pin, .id, .prog_id]"; done' - "$2"
}
