# Sourced after guest.sh and the parts of tests/cluster and tests/netns: guests that are nodes as Talos makes them. The extension's tree lies
# over their root, ichor's service is run from its own specification, pods are made by containerd and CNI. etcd and the API server are
# processes outside, on the machine cp.
layers=()

# Where a command runs: pods and nodes are in guests, other machines here. For a guest the words are read by its shell.
on() {
  if [[ -e $lab/$1.node ]]; then
    guest_run "$(pod_node "$1")" "/usr/lib/guest/talos in-pod $1 ${*:2}"
  elif [[ -e $lab/$1/var.img ]]; then
    guest_run "$1" "${*:2}"
  else
    in_machine "$@"
  fi
}
http() { guest_run "$1" "wget -q -T 5 -O - 'http://127.0.0.1:9879$2'"; }   # to start curl costs a guest five times as much
put_object() { jq 'del(.metadata.uid)' | kubectl apply -f - >/dev/null; }

talos_layers() {   # EXTENSION: ichor-amd64.tar.zst of extension/build
  local tree=$lab/layers
  mkdir -p "$tree"/{extension,node/{usr/{bin,share},opt/cni/bin}}
  tar --zstd -xf "$1" -C "$tree/extension"
  cp -r "$vm_tests/node/." "$tree/node/"
  "$vm_tests/programs" "$tree/node" /usr/sbin/runc
  cp "$programs"/{containerd,containerd-shim-runc-v2,ctr} "$vm_cache/bin/talos-parts" "$traffic" "$tree/node/usr/bin/"
  cp /usr/lib/cni/loopback "$tree/node/opt/cni/bin/"
  cp "$repository/machineconfig/talos-1.13/settings.yaml" "$tree/node/usr/share/"
  pause_image >"$tree/node/usr/share/pause.tar"
  layers=("$(guest_layer "$tree/node")" "$(guest_layer "$tree/extension/rootfs")")
  rm -rf "$tree"
}

# The one image of the cluster's that guests need, as an archive of its own.
pause_image() {
  local tree=$lab/pause manifest
  mkdir -p "$tree"
  tar -C "$tree" -xf "$images" oci-layout index.json
  jq -c '.manifests |= map(select(.annotations["io.containerd.image.name"] == "localhost/pause:local"))' "$tree/index.json" >"$tree/index"
  mv "$tree/index" "$tree/index.json"
  manifest=blobs/$(jq -r '.manifests[0].digest | sub(":"; "/")' "$tree/index.json")
  tar -C "$tree" -xf "$images" "$manifest"
  jq -r '.config, .layers[] | .digest | sub(":"; "/") | "blobs/" + .' "$tree/$manifest" | xargs tar -C "$tree" -xf "$images"
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

api_objects() {
  local node
  until_true 120 "the API server" kubectl get --raw /readyz
  kubectl apply -f "$repository/machineconfig/manifests/rbac.yaml" >/dev/null
  for node in "$@"; do
    node_object "$node"
    node_range4 "$node" >"$lab/$node/pod-ranges"
    on_machine cp ip route replace "$(node_range4 "$node")" via "$(node4 "$node")"
  done
}

# both FUNCTION [ARGUMENT...]: on each guest, at the same time
both() {
  local name jobs=()
  for name in n1 n2; do
    "$1" "$name" "${@:2}" &
    jobs+=($!)
  done
  for name in "${jobs[@]}"; do wait "$name"; done
}

talos_boot() {   # NODE
  guest_start "$1" "$kernel" "${layers[@]}"
  guest_wait "$1"
  guest_run "$1" "hostname talos-$1; /usr/lib/guest/talos containerd $net4.10:6443" </dev/null   # not the node's name
}
# Seconds that a boot takes until containerd answers, without what passed between the guest's being up and our asking for containerd.
boot_time() { awk -v boot="$(guest_boot_time "$1")" '{printf "%.1f", boot + $2 - $1}' <<<"$(guest_run "$1" 'cat /run/containerd.ages' </dev/null)"; }

# What a kubelet leaves on its node. Its kubeconfig is in memory, the certificate stays, also when the power goes.
kubelet_certificate() {
  [[ -e $lab/pki/$1.kubeconfig ]] || node_credentials "$1"
  guest_run "$1" 'mkdir -p /var/lib/kubelet/pki && cat >/var/lib/kubelet/pki/kubelet-client-current.pem && sync' \
    <"$lab/$1/var/kubelet/pki/kubelet-client-current.pem"
}
kubelet_kubeconfig() { guest_run "$1" 'cat >/etc/kubernetes/kubeconfig-kubelet' <"$lab/pki/$1.kubeconfig"; }

service_start() { guest_run "$1" "/usr/lib/guest/talos service" </dev/null; }
service_events() { guest_run "$1" "cat /run/ext-ichor.events" </dev/null; }
service_process() { guest_run "$1" "cat /sys/fs/cgroup/system/extensions/ichor/cgroup.procs" </dev/null; }
# until_guest NODE SECONDS WHAT SCRIPT: as until_true, but the guest itself looks, which costs it least.
until_guest() {
  guest_run "$1" "for try in \$(seq $(($2 * 5))); do ($4) >/dev/null 2>&1 && exit; sleep 0.2; done; exit 1" </dev/null && return
  say "gave up waiting for $3"
  return 1
}
service_is_up() {
  until_guest "$1" 60 "the service of $1" \
    'grep -q " Running ext-ichor" /run/ext-ichor.events && wget -q -O - http://127.0.0.1:9879/status'
}
ready() {
  until_guest "$1" 60 "$1 to be ready" 'wget -q -O - http://127.0.0.1:9879/readyz' && return
  http "$1" /status >&2
  guest_run "$1" "tail -n 20 /run/ext-ichor.log" >&2
  return 1
}

pod() {   # NODE NAME, by CRI
  guest_run "$1" "/usr/lib/guest/talos pod $2" >"$lab/$1/$2.addresses" </dev/null
  pod_known "$@"
}
pod_known() {   # what the functions of tests/netns read
  jq -R '{ips: [splits(" ") | {address: .}]}' "$lab/$1/$2.addresses" >"$lab/$1/$2.json"
  echo "$1" >"$lab/$2.node"
  [[ $(pod4 "$2") == "$pods4".* && $(pod6 "$2") == "$pods6":* ]]
}
serve() {   # PLACE
  on "$1" "ichor-traffic serve --name $1 --port 8080 >/run/serve.$1 2>&1 </dev/null &" </dev/null
  until_guest "$(pod_node "$1")" 10 "the server on $1" "grep serving /run/serve.$1"
}
ask() { on "$1" ichor-traffic ask "${@:4}" "$(target "$2" "$3")" </dev/null; }
