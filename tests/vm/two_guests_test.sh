#!/usr/bin/env bash
# The service as Talos would run it: two guests are nodes of a cluster whose API server is real, pods come and talk, the agent is killed, and
# one node loses its power and boots while the API server is away.
source "$(dirname "$0")/guest.sh"
for part in cluster credentials control_plane; do source "$repository/tests/cluster/$part.sh"; done
for part in checks pods objects agents; do source "$netns_tests/$part.sh"; done
source "$vm_tests/talos_node.sh"

status_field() { http "$1" '/status?format=json' | jq -r "$2"; }
named() { expect "name of the node" "$1" "$(status_field "$1" .node)"; }

# Bits 16 and 22: CAP_SYS_MODULE and CAP_SYS_BOOT.
contained() {
  local process bounds
  process=$(service_process n1)
  guest_run n1 "grep -E '^(CapBnd|NoNewPrivs|Seccomp):' /proc/$process/status
    echo score \$(cat /proc/$process/oom_score_adj) group \$(cat /proc/$process/cgroup)
    for kind in cgroup ipc net pid uts mnt; do
      cmp -s /proc/$process/ns/\$kind /proc/1/ns/\$kind
      [ \$(readlink /proc/$process/ns/\$kind) = \$(readlink /proc/1/ns/\$kind) ] && echo same \$kind || echo own \$kind
    done
    grep -c ' / / ro,.* overlay ' /proc/$process/mountinfo" </dev/null | tr '\t' ' ' >"$lab/contained"
  bounds=$(sed -n 's/^CapBnd: //p' "$lab/contained")
  expect "SYS_MODULE and SYS_BOOT" 0 "$((0x$bounds & (1 << 16 | 1 << 22)))"
  expect "the rest" "NoNewPrivs: 1;Seccomp: 2;score -600 group 0::/system/extensions/ichor;same cgroup;same ipc;same net;own pid;own uts;own mnt;1;" \
    "$(grep -v CapBnd "$lab/contained" | tr '\n' ';')"
}
sees_namespaces() {   # of pods that came after it had started
  local count
  count=$(guest_run n1 "grep -c ' /run/netns/cni-.* - nsfs ' /proc/$(service_process n1)/mountinfo" </dev/null)
  expect "namespaces of pods" 2 "$count"
}
checks_itself() {
  guest_run n1 'ctr --namespace system tasks exec --exec-id check ext-ichor /ichor-agent check' </dev/null >"$lab/check" ||
    { grep -E '^(FAIL|warn)' -A1 "$lab/check"; return 1; }
}

answers() { expect "who answers" "$4" "$(ask "${@:1:3}" "${@:5}" | jq -r .answer.name)"; }   # PLACE ADDRESS PORT NAME [ARGUMENT...]
reaches() {   # PLACE PLACE
  local family
  for family in 4 6; do
    answers "$1" "$(address "$2" "$family")" 8080 "$2"
    answers "$1" "$(address "$2" "$family")" 8080 "$2" --udp
  done
}
reaches_service() {   # PLACE NAME
  local address
  for address in "$(service4 20)" "$(service6 20)"; do
    until_true 20 "the Service on $1" answers "$1" "$address" 80 "$2"
    answers "$1" "$address" 80 "$2" --udp
  done
}

# Made as soon as there is a network.
first_pod() {
  guest_run n1 "/usr/lib/guest/talos pod a && /usr/lib/guest/talos first-packet a $net4.10:8080" </dev/null >"$lab/first" || return 1
  head -n 1 "$lab/first" >"$lab/n1/a.addresses"
  pod_known n1 a
}
# Durations are figures: on a busy machine they say nothing of ichor.
times() {
  local started boot first
  started=$(service_events n1 | awk '/ Preparing /{print $1}')
  boot=$(boot_time n1)
  first=$(guest_run n1 "awk '{print \$1 - $started}' /run/first-packet.age" </dev/null)
  echo "guest's boot to containerd ready $boot s, service's start to the first pod's first packet $first s"
}

# Denser flows fill an emulated processor by themselves, and the agent's start takes minutes beside them.
flows() {
  on a "ichor-traffic flows --interval 100 tcp:$(target "$(pod4 c)" 8080) udp:$(target "$(pod6 c)" 8080) tcp:$(target "$(service4 20)" 80) \
    >/run/flows 2>&1 </dev/null & echo \$! >/run/flows.process" </dev/null
}
survives() {
  local process
  flows
  until_guest n1 20 "flows" "grep '^{.flows' /run/flows"
  process=$(service_process n1)
  guest_run n1 "kill -KILL $process" </dev/null
  until_guest n1 60 "the service to come back" "grep Running /run/ext-ichor.events | grep -v ' $process\$'"
  ready n1
  guest_run n1 'kill -TERM $(cat /run/flows.process)' </dev/null
  until_guest n1 20 "the flows to end" "grep result /run/flows"
  guest_run n1 "cat /run/flows" >"$lab/flows" </dev/null
  expect "flows" 3 "$(jq -s 'map(select(.flow)) | length' "$lab/flows")"
  expect "flows that had hardly a packet under way" "" "$(jq -r 'select(.flow and .received < 30) | tostring' "$lab/flows")"
  expect "flows that broke or lost" "" "$(jq -r 'select(.flow and (.result != "ok" or .lost > 0)) | tostring' "$lab/flows")"
}
waited() {
  local pause
  pause=$(service_events n1 | awk '/ Waiting /{t = $1} / Running /{u = $1} END {print u - t}')
  echo "from the agent's end to its next start $pause s" >"$lab/restart"
  awk -v pause="$pause" 'BEGIN {exit !(pause >= 5)}'
}

node_up() {   # NODE
  talos_boot "$1"
  kubelet_certificate "$1"
  kubelet_kubeconfig "$1"
}

second_pod() {
  if [[ $1 == n1 ]]; then serve a && pod n1 b; else pod n2 c && serve c; fi
}

core_cases() {
  both node_up
  both service_start
  check "$kernel: a first pod comes up and has an answer" first_pod
  check "$kernel: the service is Running and /status answers" both service_is_up
  figure "$kernel: $(times)"
  ready n2
  check "$kernel: the node's name is the kubelet's" both named
  check "$kernel: the service is contained as Talos contains it" contained
  both second_pod
  service web 20
  endpoints web 8080 c
  check "$kernel: the container sees the namespaces of later pods" sees_namespaces
  check "$kernel: ichor-agent check passes in the container" checks_itself
  check "$kernel: pod to pod of the other node" reaches a c
  check "$kernel: pod to pod of the same node" reaches b a
  check "$kernel: a ClusterIP answers a pod" reaches_service b c
  check "$kernel: a ClusterIP answers the node" reaches_service n1 c
  check "$kernel: flows outlive an agent that is killed" survives
  check "$kernel: the service was started again after five seconds" waited
  figure "$kernel: $(<"$lab/restart")"
}

# Of what the agent has written last the kernel keeps half a minute in memory: here the power goes when all of it is on the disk.
kept() {
  until_guest n1 30 "the Service and its endpoints to be kept" \
    "grep -a 'default/web ' /var/lib/ichor/objects && grep -a 'default/web-4 ' /var/lib/ichor/objects && grep -a 'default/web-6 ' /var/lib/ichor/objects"
  guest_run n1 sync </dev/null
}
cold_boot() {
  kept
  guest_stop n1
  daemon_away cp kube-apiserver
  talos_boot n1
  service_start n1
  service_is_up n1
}
pods_of_before_go() { for name in a b; do guest_run n1 "/usr/lib/guest/talos remove $name" </dev/null; done; }
api_is_back() {
  until_true 60 "the API server" kubectl get --raw /readyz
  kubelet_kubeconfig n1
  ready n1
  until_true 60 "n1 to be in touch" in_touch
}
# SIGKILL would come after ten seconds.
stops() {
  guest_run n1 'kill -TERM $(cat /sys/fs/cgroup/system/machined/cgroup.procs)' </dev/null
  until_guest n1 20 "the service to stop" "grep Finished /run/ext-ichor.events"
  expect "how it was told" "SIGTERM" "$(service_events n1 | sed -n 's/.* Stopping ext-ichor: //p')"
  reaches_service n1 c
  reaches late c
}
in_touch() { status_field n1 .sources.objects.synced | grep true >/dev/null; }

cold_cases() {
  check "$kernel, cold boot without the API server: /status answers" cold_boot
  check "$kernel, cold boot without the API server: a ClusterIP answers the node" reaches_service n1 c
  check "$kernel, cold boot without the API server: a pod comes up" pod n1 late
  check "$kernel, cold boot without the API server: it reaches a pod of the other node" reaches late c
  check "$kernel, cold boot without the API server: a ClusterIP answers it" reaches_service late c
  daemon_back cp kube-apiserver
  check "$kernel, cold boot: pods of before are removed" pods_of_before_go
  check "$kernel, cold boot: with the API server back the agent is in touch" api_is_back
  check "$kernel: the service stops when told, and packets go on" stops
}

scenario() {
  kernel=$1
  core_cases
  cold_cases
  both guest_stop
  kubectl delete service,endpointslice --all >/dev/null
  rm -f "$lab"/*.node "$lab"/n?/var.img
}

need_product
guests_possible || exit 0
[[ -x $programs/kube-apiserver ]] || { echo "skip two_guests: run hack/deps cluster first"; exit 0; }
"$vm_tests/service/build"
lab_start
api
"$repository/extension/build" --arch=amd64 --output "$lab/extension" >"$lab/logs/extension" 2>&1
talos_layers "$lab/extension/ichor-amd64.tar.zst"
mkdir -p "$lab"/{n1,n2}
api_objects n1 n2
in_machine cp "$traffic" serve --name cp --port 8080 >/dev/null 2>&1 &
for name in "${guest_kernels[@]}"; do
  started=$SECONDS
  scenario "$name"
  figure "$name took $((SECONDS - started)) s"
done
