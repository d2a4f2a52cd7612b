#!/usr/bin/env bash
# Two guests on one switch are nodes of a cluster as Talos would make them: the extension's tree over their root, its service run from its own
# specification, pods by containerd and CNI. etcd and the API server are processes outside. A line for each case.
# usage: tests/vm/two_guests.sh KERNEL EXTENSION     KERNEL as for guest_start; EXTENSION: ichor-amd64.tar.zst of extension/build
source "$(dirname "$0")/guest.sh"
for part in cluster credentials control_plane; do source "$repository/tests/cluster/$part.sh"; done
for part in checks pods objects agents; do source "$netns_tests/$part.sh"; done
kernel=$1
extension=$2
layers=()

# Where a command runs: pods and nodes are in guests, other machines here.
on() {
  if [[ -e $lab/$1.node ]]; then
    guest_run "$(pod_node "$1")" "/usr/lib/guest/talos in-pod $1 ${*:2}"
  elif [[ -e $lab/$1/var.img ]]; then
    guest_run "$1" "${*:2}"
  else
    in_machine "$@"
  fi
}
http() { guest_run "$1" "curl -sS --fail --max-time 5 'http://127.0.0.1:9879$2'"; }
put_object() { jq 'del(.metadata.uid)' | kubectl apply -f - >/dev/null; }

make_layers() {
  local tree=$lab/layers
  mkdir -p "$tree"/{extension,node/{usr/{bin,share},opt/cni/bin}}
  tar --zstd -xf "$extension" -C "$tree/extension"
  cp -r "$vm_tests/node/." "$tree/node/"
  "$vm_tests/programs" "$tree/node" /usr/sbin/runc
  cp "$programs"/{containerd,containerd-shim-runc-v2,ctr} "$vm_cache/bin/talos-parts" "$traffic" "$tree/node/usr/bin/"
  cp /usr/lib/cni/loopback "$tree/node/opt/cni/bin/"
  cp "$repository/machineconfig/talos-1.13/settings.yaml" "$tree/node/usr/share/"
  pause_image >"$tree/node/usr/share/pause.tar"
  layers=("$(guest_layer "$tree/node")" "$(guest_layer "$tree/extension/rootfs")")
}

# The one image of the cluster's that guests need, as an OCI archive of its own.
pause_image() {
  local tree=$lab/pause digest
  mkdir -p "$tree"
  tar -C "$tree" -xf "$images" oci-layout index.json
  jq -c '.manifests |= map(select(.annotations["io.containerd.image.name"] == "localhost/pause:local"))' "$tree/index.json" >"$tree/index"
  mv "$tree/index" "$tree/index.json"
  digest=$(jq -r '.manifests[0].digest' "$tree/index.json")
  tar -C "$tree" -xf "$images" "blobs/${digest/://}"
  jq -r '.config.digest, .layers[].digest' "$tree/blobs/${digest/://}" | sed 's#:#/#; s#^#blobs/#' | xargs tar -C "$tree" -xf "$images"
  tar -C "$tree" -c oci-layout index.json blobs
}

api() {
  admin=$lab/pki/admin.kubeconfig
  machine cp
  plug cp "$net4.10" "$net6:10"
  control_plane_credentials
  daemon cp etcd etcd --data-dir "$lab/cp/etcd" --unsafe-no-fsync --log-level warn
  api_server
}

# What a kubelet leaves on its node. Its kubeconfig is in memory on Talos, the certificate is not.
kubelet_certificate() {
  [[ -e $lab/pki/$1.kubeconfig ]] || node_credentials "$1"
  guest_run "$1" 'mkdir -p /var/lib/kubelet/pki && cat >/var/lib/kubelet/pki/kubelet-client-current.pem' \
    <"$lab/$1/var/kubelet/pki/kubelet-client-current.pem"
}
kubelet_kubeconfig() { guest_run "$1" 'cat >/etc/kubernetes/kubeconfig-kubelet' <"$lab/pki/$1.kubeconfig"; }

containerd_of() { guest_run "$1" "/usr/lib/guest/talos containerd"; }
service_of() { guest_run "$1" "/usr/lib/guest/talos service"; }
events() { guest_run "$1" "cat /run/ext-ichor.events"; }
service_runs() { events "$1" | grep -q " Running ext-ichor"; }
agent_process() { guest_run "$1" "cat /sys/fs/cgroup/system/extensions/ichor/cgroup.procs"; }
status_answers() { http "$1" /status; }

pod() {   # NODE NAME, by CRI
  guest_run "$1" "/usr/lib/guest/talos pod $2" >"$lab/$1/$2.addresses"
  pod_is "$@"
}
pod_is() {   # what the functions of tests/netns read
  jq -R '{ips: [splits(" ") | {address: .}]}' "$lab/$1/$2.addresses" >"$lab/$1/$2.json"
  echo "$1" >"$lab/$2.node"
  [[ $(pod4 "$2") == $pods4.* && $(pod6 "$2") == $pods6:* ]]
}
serve() {   # PLACE
  on "$1" "ichor-traffic serve --name $1 --port 8080 >/run/serve.$1 2>&1 &"
  until_true 10 "the server on $1" on "$1" "grep -q serving /run/serve.$1"
}

boot() {
  local name
  for name in n1 n2; do guest_start "$name" "$kernel" "${layers[@]}"; done
  for name in n1 n2; do guest_wait "$name"; done
  both containerd_of
}
both() {   # FUNCTION [ARGUMENT...]: on each guest, at the same time
  local name jobs=()
  for name in n1 n2; do
    "$1" "$name" "${@:2}" &
    jobs+=($!)
  done
  for name in "${jobs[@]}"; do wait "$name"; done
}

pass_through() { guest_run "$1" "setsid talos-parts kubeprism $net4.10:6443 >/run/kubeprism.log 2>&1 </dev/null &"; }

objects() {
  until_true 120 "the API server" kubectl get --raw /readyz
  kubectl apply -f "$repository/machineconfig/manifests/rbac.yaml" >/dev/null
  for name in n1 n2; do node_object "$name"; done
}

ready() { until_true 60 "$1 to be ready" http "$1" /readyz || { http "$1" /status; guest_run "$1" "cat /run/ext-ichor.log"; return 1; } >&2; }
service_reaches_running() { until_true 30 "the service of $1" service_runs "$1" && until_true 30 "/status of $1" status_answers "$1"; }
named() { expect "name of the node" "$1" "$(http "$1" '/status?format=json' | jq -r .node)"; }
answers() { expect "who answers" "$4" "$(ask "${@:1:3}" "${@:5}" | jq -r .name)"; }   # PLACE ADDRESS PORT NAME [ARGUMENT...]
both_families() {   # PLACE PLACE
  local family
  for family in 4 6; do
    answers "$1" "$(address "$2" "$family")" 8080 "$2"
    answers "$1" "$(address "$2" "$family")" 8080 "$2" --udp
  done
}
by_service() {   # PLACE NAME
  local address
  for address in "$(service4 20)" "$(service6 20)"; do
    until_true 20 "the Service on $1" answers "$1" "$address" 80 "$2"
    answers "$1" "$address" 80 "$2" --udp
  done
}

survives_a_crash() {
  local process
  on a "ichor-traffic flows tcp:$(target "$(pod4 c)" 8080) udp:$(target "$(pod6 c)" 8080) tcp:$(target "$(service4 20)" 80) >/run/flows 2>&1 </dev/null &"
  until_true 10 "flows" guest_run n1 "grep -q '^{.flows' /run/flows"
  process=$(agent_process n1)
  guest_run n1 "kill -KILL $process"
  until_true 30 "the service to come back" came_back "$process"
  ready n1
  guest_run n1 "kill -TERM \$(pidof ichor-traffic | tr ' ' '\n' | while read -r p; do grep -qa flows /proc/\$p/cmdline && echo \$p; done)"
  until_true 10 "the flows to end" guest_run n1 "grep -q result /run/flows"
  guest_run n1 "cat /run/flows" >"$lab/flows"
  expect "flows" 3 "$(jq -s 'map(select(.flow)) | length' "$lab/flows")"
  expect "flows that broke or lost" "" "$(jq -r 'select(.flow and (.result != "ok" or .lost > 0)) | tostring' "$lab/flows")"
}
came_back() { [[ $(events n1 | grep -c " Running ") == 2 && -n $(agent_process n1) && $(agent_process n1) != "$1" ]]; }
waited_five_seconds() {
  local pause
  pause=$(events n1 | awk '/ Waiting /{t = $1} / Running /{u = $1} END {print u - t}')
  echo "# $kernel: from the agent's end to its next start ${pause} s"
  awk -v pause="$pause" 'BEGIN {exit !(pause >= 5)}'
}

in_a_container() {
  local process
  process=$(agent_process n1)
  guest_run n1 "grep -E '^(CapBnd|NoNewPrivs|Seccomp):' /proc/$process/status; cat /proc/$process/oom_score_adj; sed 's/^/cgroup /' /proc/$process/cgroup
    for kind in cgroup ipc net pid uts mnt; do echo \$kind \$(readlink /proc/$process/ns/\$kind | sed s/.*://) \$(readlink /proc/1/ns/\$kind | sed s/.*://); done" >"$lab/container"
  cat "$lab/container"
}
