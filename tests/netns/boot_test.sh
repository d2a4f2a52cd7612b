#!/usr/bin/env bash
# Whatever a machine lacks when the agent starts: /status answers at once and names it, so do the file and the log, nothing that runs is
# touched, the agent stays, and goes on when the lack ends. Flows of the node and of its pods run through all of it.
source "$(dirname "$0")/lab.sh"
for part in checks pods objects agents flows; do source "$netns_tests/$part.sh"; done
state=/var/lib/ichor
limit_ms=2000   # from exec to an answer

now_ms() { echo $((${EPOCHREALTIME/[.,]/} / 1000)); }
status() { http_any "${1:-n1}" /status; }
status_file() { cat "$(node_file "${1:-n1}" /run/ichor/status)"; }
log_since_start() { tail -n "+$((log_from + 1))" "$(agent_log "${1:-n1}")"; }
contains() { grep -Eq "$1" <<<"$2"; }

# starts NODE COMMAND...: runs it and says when /status answered; fails after the limit.
starts() {
  local node=$1 begun
  shift
  touch "$(agent_log "$node")"
  log_from=$(wc -l <"$(agent_log "$node")")
  begun=$(now_ms)
  "$@"
  until_true 10 "/status" status "$node"
  took=$(($(now_ms) - begun))
}

# named NODE REGEX: by /status, RUN-DIR/status and the log alike.
named() {
  until_true 5 "/status to say $2" says_status "$1" "$2" || { status "$1" | head -c 600; return 1; }
  until_true 12 "RUN-DIR/status to say $2" says_file "$1" "$2" || { status_file "$1" | head -c 600; return 1; }
  until_true 5 "the log to say $2" says_log "$1" "$2" || { log_since_start "$1" | tail -n 5; return 1; }
}
says_status() { contains "$2" "$(status "$1")"; }
says_file() { contains "$2" "$(status_file "$1")"; }
says_log() { contains "$2" "$(log_since_start "$1")"; }
in_time() { ((took <= limit_ms)) || { echo "$took ms"; return 1; }; }

same_agent() { expect "the agent's process" "$agent" "$(agent_pid "$1")"; }
heals() {   # NODE: by itself, in the same process
  wait_ready "$1"
  same_agent "$1"
}

# row WORDS NODE REGEX COMMAND...: one of the matrix, without what becomes of it.
row() {
  local words=$1 node=$2 regex=$3
  shift 3
  agent_kill "$node"
  starts "$node" "$@"
  agent=$(agent_pid "$node")
  check "$words: /status answers within $limit_ms ms" in_time
  echo "# $words: /status after $took ms"
  check "$words: named by /status, file and log" named "$node" "$regex"
  check "$words: it stays" same_agent "$node"
}
lacks() {   # as row: what the node cannot be ready without
  row "$@"
  check "$1: not ready" not_ready "$2"
}

mounted() { in_machine n1 mount "$@"; }
over_state() {   # ARGUMENT...: another file system in the place of the state directory, with the records of the pods that run
  in_machine n1 cp -a "$state/sandboxes" /run/kept
  mounted -t tmpfs "$@" tmpfs "$state"
  in_machine n1 mv /run/kept "$state/sandboxes"
}
unmounted() { in_machine n1 umount "$@"; }
kernel_state() {
  pinned n1 link
  in_machine n1 bash -euc 'ip -o link; ip route; ip -6 route'
}
unchanged() { diff <(echo "$before") <(kernel_state); }
pod_again() { pod n1 "$1"; ask "$1" "$(pod4 a)" 8080; }
pod_refused() {   # while records cannot be written nobody gets an address
  pod_namespace n1 "$1"
  ! cni n1 ADD "$1"
}

credentials() {   # CN: the kubelet's files, certificate before kubeconfig as after a boot of Talos
  in_machine n1 bash -euc '
    mkdir -p /var/lib/kubelet/pki /run/kubernetes
    cd /var/lib/kubelet/pki
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/O=system:nodes/CN=$1" -keyout key.pem -out cert.pem 2>/dev/null
    cat cert.pem key.pem >new.pem
    mv new.pem kubelet-client-current.pem' - "$1"
}
kubeconfig() {
  cat >"$(node_file n1 /run/kubernetes/kubeconfig)" <<J
{"apiVersion": "v1", "kind": "Config", "current-context": "c", "contexts": [{"name": "c", "context": {"cluster": "k", "user": "u"}}],
 "clusters": [{"name": "k", "cluster": {"server": "https://127.0.0.1:7445", "certificate-authority": "/var/lib/kubelet/pki/cert.pem"}}],
 "users": [{"name": "u", "user": {"client-certificate": "/var/lib/kubelet/pki/kubelet-client-current.pem",
   "client-key": "/var/lib/kubelet/pki/kubelet-client-current.pem"}}]}
J
}
node_is() { contains "on node $1: " "$(status)"; }

# The engine's thread alone is stopped, as one that waits for ever would be; the others go on.
hang() {
  agent_start n2
  wait_ready n2
  hung=$(agent_pid n2)
  python3 - "$hung" <<'P' &
import ctypes, os, sys
thread, (seize, interrupt), all_kinds = int(sys.argv[1]), (0x4206, 0x4207), 0x40000000   # linux/ptrace.h, __WALL
ptrace = ctypes.CDLL(None, use_errno=True).ptrace
assert ptrace(seize, thread, None, None) == 0 and ptrace(interrupt, thread, None, None) == 0, os.strerror(ctypes.get_errno())
while not (os.WIFEXITED(status := os.waitpid(thread, all_kinds)[1]) or os.WIFSIGNALED(status)): pass
P
  disown
}
ended() {
  until_true 60 "the watchdog" gone "$hung"
  expect "the log" "1" "$(grep -c 'engine: no turn for 30 s' "$(agent_log n2)")"
  agent_start n2
  wait_ready n2
}

capabilities_are() {   # each thread's sets are the list that /status shows, and nothing else
  local wanted task
  expect "the list" "NET_ADMIN SYS_ADMIN" "$(http n1 '/status?format=json' | jq -r '[.capabilities.needed[].name] | sort | join(" ")')"
  wanted=$(http n1 '/status?format=json' | jq '[.capabilities.needed[] | select(.held) | .number] | map(pow(2; .)) | add')
  expect "others dropped" true "$(http n1 '/status?format=json' | jq .capabilities.others_dropped)"
  wanted=$(printf %016x "$wanted")
  for task in "/proc/$(agent_pid n1)/task"/*; do
    awk -v wanted="$wanted" '/^Cap(Eff|Prm|Bnd)/ && $2 != wanted || /^Cap(Inh|Amb)/ && $2 != "0000000000000000" {print; bad = 1} END {exit bad}' \
      "$task/status" || { echo "wanted $wanted in $task"; return 1; }
  done
}

few_capabilities() {   # as in a container that grants nothing
  agent_kill n1
  log_from=$(wc -l <"$(agent_log n1)")
  mkdir -p "$lab_group/n1/agent"
  in_machine n1 setpriv --inh-caps=-all --bounding-set=-all bash -c 'echo 0 >/sys/fs/cgroup/agent/cgroup.procs; exec "$@"' - \
    "$binaries/ichor-agent" run --manifests "$lab/manifests" --node-name n1 >>"$(agent_log n1)" 2>&1 &
  disown
  until_true 10 "/status" status
  agent=$(agent_pid n1)
  named n1 "missing: NET_ADMIN SYS_ADMIN"
  same_agent n1
}
check_without() {
  local output
  if output=$(in_machine n1 setpriv --bounding-set=-net_admin "$binaries/ichor-agent" check); then echo "it is content"; return 1; fi
  contains "missing: NET_ADMIN" "$output"
}

need_product
lab_start
nodes_up n1
node n2; node_object n2
hang
pod n1 a; pod n1 b
serve a; serve n2 9000; serve n1 9000
service web 10
endpoints web 8080 a
until_true 10 "web" ask b "$(service4 10)" 80
mapfile -t to_pod < <(targets_of 8080 "$(pod4 a)" "$(pod6 a)")
mapfile -t to_service < <(targets_of 80 "$(service4 10)")
mapfile -t to_host < <(targets_of 9000 "$(node4 n1)" "$(node6 n1)")
flows_start pod b "${to_pod[@]}" "${to_service[@]}"
flows_start host n2 "${to_host[@]}"

check "each thread has the capabilities that /status lists, and no others" capabilities_are
canary=$(host_links n1)
agent_kill n1
without_canary() { (($(host_links n1) < canary)); }
until_true 10 "the canary's link to be gone" without_canary
before=$(kernel_state)

absent=(--config "$lab/none.yaml" --manifests "$lab/manifests" --node-name n1)
lacks "configuration absent" n1 "none.yaml.*(No such file|cannot be read)" agent_run n1 "${absent[@]}" --state-dir "$lab/fresh-state"
check "configuration absent: nothing is written" unchanged
echo "ipam: {mode: nonsense}" >"$lab/bad.yaml"
lacks "configuration bad" n1 "bad.yaml:1.*ipam" agent_run n1 --config "$lab/bad.yaml" --manifests "$lab/manifests" --node-name n1 \
  --state-dir "$lab/fresh-state"
check "configuration bad: nothing is written" unchanged

lacks "no kubeconfig" n1 "waiting for /run/kubernetes/kubeconfig" agent_run n1 --kubeconfig /run/kubernetes/kubeconfig
check "no kubeconfig: nothing is written" unchanged
credentials system:node:n1
in_machine n1 rm /var/lib/kubelet/pki/kubelet-client-current.pem
kubeconfig
lacks "no certificate" n1 "waiting for /var/lib/kubelet/pki/kubelet-client-current.pem" agent_run n1 --kubeconfig /run/kubernetes/kubeconfig
check "no certificate: nothing is written" unchanged
credentials system:node:n1
check "no certificate: its name is the node's as soon as it is there" until_true 5 "the name" node_is n1
check "no certificate: then the API server is what is missing" named n1 "127.0.0.1:7445.*refused"
credentials system:node:renamed
check "a certificate for another node: its name is taken over" until_true 10 "the other name" node_is renamed
check "a certificate for another node: by the same process" same_agent n1
agent_kill n1

agent_start n1
wait_ready n1
agent=$(agent_pid n1)
mkdir "$lab_group/n1/second"
in_machine n1 bash -c 'echo 0 >/sys/fs/cgroup/second/cgroup.procs; exec "$@"' - "$binaries/ichor-agent" run --manifests "$lab/manifests" \
  --node-name n1 --http-address 127.0.0.1:9880 >"$lab/logs/second" 2>&1 &
disown
second_pid() { cat "$lab_group/n1/second/cgroup.procs"; }
second_status() { in_machine n1 curl -sS --max-time 5 http://127.0.0.1:9880/status; }
second_says() { contains "$1" "$(second_status)"; }
begun=$(now_ms)
until_true 10 "the second's /status" second_status
took=$(($(now_ms) - begun))
before=$(kernel_state)
check "second instance: /status answers within $limit_ms ms" in_time
echo "# second instance: /status after $took ms"
check "second instance: it names the directory" second_says "/run/ichor: another ichor-agent holds this directory"
check "second instance: so does its log" grep -q "another ichor-agent holds this directory" "$lab/logs/second"
check "second instance: the status file is the first one's" until_true 5 "the file" says_file n1 "on node n1: READY"
check "second instance: the first is undisturbed" heals n1
check "second instance: nothing is written" unchanged
agent_kill n1
check "second instance: takes over when the first has ended" until_true 5 "the takeover" second_says "on node n1: READY"
second=$(second_pid)
kill -9 "$second"
until_true 5 "the second to end" gone "$second"

over_state -o size=256k
in_machine n1 bash -c "head -c 1M /dev/zero >$state/filling; true" 2>/dev/null
lacks "disk full" n1 "$state.*No space left" agent_start n1
check "disk full: no pod is made" pod_refused full-1
in_machine n1 rm "$state/filling"
check "disk full: heals" heals n1
check "disk full: then pods are made" pod_again full-2
check "disk full: settings are kept after all" until_true 5 "settings.json" test -s "$(node_file n1 "$state/settings.json")"
pod_end n1 full-2
agent_kill n1
unmounted "$state"

mounted --bind "$state" "$state"
mounted -o remount,bind,ro "$state"
lacks "read-only /var" n1 "$state.*Read-only" agent_start n1
mounted -o remount,bind,rw "$state"
check "read-only /var: heals" heals n1
check "read-only /var: then pods are made" pod_again read-1
pod_end n1 read-1
agent_kill n1
unmounted "$state"

over_state
in_machine n1 bash -euc "
  boot=\$(cat /proc/sys/kernel/random/boot_id)
  mkdir -p $state/objects
  echo '{\"version\": 1, \"addresses\": [\"$pods4.1.77\"]}' >$state/sandboxes/old@eth0@00000000-0000-0000-0000-000000000000.json
  echo '{\"version\": 0, \"addresses\": [\"$pods4.1.78\"]}' >\"$state/sandboxes/layout@eth0@\$boot.json\"
  head -c 4096 /dev/urandom >\"$state/sandboxes/noise@eth0@\$boot.json\"
  head -c 4096 /dev/urandom >$state/settings.json
  head -c 4096 /dev/urandom >$state/stray"
row "stale state" n1 "noise@eth0@.*json" agent_start n1
check "stale state: ready all the same" heals n1
check "stale state: so is another layout" named n1 "layout@eth0@.*version"
check "stale state: what is of another boot is gone" test ! -e "$(node_file n1 "$state/sandboxes/old@eth0@00000000-0000-0000-0000-000000000000.json")"
check "stale state: pods are made" pod_again stale-1
pod_end n1 stale-1
agent_kill n1
unmounted "$state"

check "without privileges: named, and the agent stays" few_capabilities
check "without privileges: check names what is missing" check_without
agent_kill n1

node n3; node_object n3   # where no program has been loaded yet
in_machine n3 mount -t tmpfs tmpfs /sys/kernel/btf
lacks "kernel without BTF" n3 "BTF.*/sys/kernel/btf" agent_start n3
in_machine n3 umount /sys/kernel/btf
check "kernel without BTF: heals" heals n3
in_machine n3 mount -t tmpfs tmpfs /run/no-bpf -o X-mount.mkdir
lacks "no bpffs" n3 "/run/no-bpf.*bpffs" agent_start n3 --bpf-root /run/no-bpf/ichor
lacks "no control groups" n3 "/run/no-cgroup" agent_start n3 --set cgroup.hostRoot=/run/no-cgroup
in_machine n3 ln -s /sys/fs/cgroup /run/no-cgroup
check "no control groups: heals" heals n3
agent_kill n3

machine n4; node_object n4
row "no network" n4 "no link leads out of this node" agent_start n4
plug n4 "$(node4 n4)" "$(node6 n4)"
has_uplink() { says_status n4 "eth0: uplink_egress uplink_ingress" && ! says_status n4 "no link leads out"; }
check "no network: its link is used as soon as it is there" until_true 5 "eth0" has_uplink
check "no network: heals" heals n4

agent_start n1
wait_ready n1
flows_stop
check "no flow of a pod broke" expect "broken flows" "" "$(flows_broken "$lab/flows-pod")"
check "no flow of the node broke" expect "broken flows" "" "$(flows_broken "$lab/flows-host")"
check "no number of theirs was lost" expect "lost numbers" 0 "$(flows_sum lost "$lab"/flows-*)"
echo "# lost $(flows_sum lost "$lab"/flows-*), longest pause $(flows_worst longest_gap_ms "$lab"/flows-*) ms"
check "a hung engine is ended by its watchdog, which says so, and a new agent serves" ended
