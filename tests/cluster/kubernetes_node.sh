# Sourced after credentials.sh: a node of the laboratory with containerd, kubelet and the pass-through to the API server.

kubernetes_node() {   # nN
  node "$1"
  node_credentials "$1"
  mkdir "$lab/$1/log"
  : >"$lab/$1/resolv.conf"   # no name server beyond the cluster's
  containerd_configuration >"$lab/$1/containerd.toml"
  kubelet_configuration "$1" >"$lab/$1/kubelet.yaml"
  on_machine "$1" "$cluster_tests/prepare_node" "$lab/$1" "$lab/pki/$1.kubeconfig"
  daemon "$1" kubeprism socat TCP-LISTEN:7445,bind=127.0.0.1,fork,reuseaddr,nodelay "TCP:$net4.10:6443,nodelay"
  daemon "$1" containerd containerd --config "$lab/$1/containerd.toml" --log-level warn
  daemon "$1" kubelet kubelet --config="$lab/$1/kubelet.yaml" --kubeconfig=/etc/kubernetes/kubeconfig-kubelet \
    --hostname-override="$1" --node-ip="$(node4 "$1"),$(node6 "$1")" --v=2
}

# Waits for what the controllers add to a new node. Zones go round: n1 is in zone-0, n2 in zone-1, n3 in zone-2, n4 in zone-0.
kubernetes_node_known() {
  until_true 120 "the Node object of $1" kubectl get node "$1"
  kubectl label node "$1" "topology.kubernetes.io/zone=zone-$(((${1#n} - 1) % 3))" >/dev/null
  until_true 60 "pod ranges of $1" pod_ranges "$1"
  pod_ranges "$1" >"$lab/$1/pod-ranges"
}
pod_ranges() { kubectl get node "$1" -o 'jsonpath={.spec.podCIDRs[*]}{"\n"}' | grep /; }

kubernetes_node_images() {
  until_true 60 "containerd of $1" on_machine "$1" ctr version
  on_machine "$1" ctr -n k8s.io images import "$images" >"$lab/logs/$1.images" 2>&1
}

containerd_configuration() {
  cat <<T
version = 3
disabled_plugins = ["io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.devmapper", "io.containerd.nri.v1.nri"]
[plugins."io.containerd.cri.v1.images".pinned_images]
  sandbox = "localhost/pause:local"
[plugins."io.containerd.cri.v1.runtime"]
  disable_apparmor = true
  restrict_oom_score_adj = true         # where CAP_SYS_RESOURCE is missing
[plugins."io.containerd.cri.v1.runtime".cni]
  bin_dirs = ["$binaries", "/usr/lib/cni"]
[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc.options]
  SystemdCgroup = false
  BinaryName = "$cluster_tests/runc"
T
}

kubelet_configuration() {
  cat <<T
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
authentication: {anonymous: {enabled: false}, webhook: {enabled: true}, x509: {clientCAFile: $lab/pki/ca.crt}}
authorization: {mode: Webhook}
tlsCertFile: $lab/pki/$1.crt
tlsPrivateKeyFile: $lab/pki/$1.key
containerRuntimeEndpoint: unix:///run/containerd/containerd.sock
cgroupDriver: cgroupfs
cgroupsPerQOS: false
enforceNodeAllocatable: []
failSwapOn: false
clusterDomain: cluster.local
clusterDNS: [$dns_service]
resolvConf: $lab/$1/resolv.conf
registryPullQPS: 0
serializeImagePulls: false
imageGCHighThresholdPercent: 100
evictionHard: {memory.available: "0%", nodefs.available: "0%", nodefs.inodesFree: "0%", imagefs.available: "0%", imagefs.inodesFree: "0%"}
volumePluginDir: /var/lib/kubelet/volume-plugins
T
}
