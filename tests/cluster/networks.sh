# Sourced after cluster.sh: what can be the network of a cluster. Each function gets it going on one node, and the node becomes Ready.

# ichor, with the values and manifests that machineconfig/ ships and the kubelet's identity. agent_arguments is the caller's.
agent_arguments=()
network_ichor() {
  daemon "$1" ichor-agent "$binaries/ichor-agent" run --node-name "$1" --kubeconfig /etc/kubernetes/kubeconfig-kubelet \
    --config "$repository/machineconfig/cilium-base-values.yaml" --config "$repository/machineconfig/cilium-hubble-values.yaml" \
    "${agent_arguments[@]}"
}

# kube-proxy and the reference plugins, with static routes between nodes: what ichor is measured against.
network_kube-proxy() {
  local node=$1 other range4 range6
  for other in $(nodes); do
    read -r range4 range6 <"$lab/$other/pod-ranges"
    [[ $other != "$node" ]] || { reference_plugins "$range4" "$range6" >"$lab/$node/10-reference.conflist"; continue; }
    on_machine "$node" ip route replace "$range4" via "$(node4 "$other")"
    on_machine "$node" ip route replace "$range6" via "$(node6 "$other")"
  done
  on_machine "$node" sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
  cat >"$lab/$node/kube-proxy.yaml" <<T
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
mode: nftables
clientConnection: {kubeconfig: $lab/pki/kube-proxy.kubeconfig}
hostnameOverride: $node
clusterCIDR: $pods
conntrack: {maxPerCore: 0}
T
  daemon "$node" kube-proxy kube-proxy --config="$lab/$node/kube-proxy.yaml" --v=2
  on_machine "$node" cp "$lab/$node/10-reference.conflist" /etc/cni/net.d/
}

reference_plugins() {   # IPV4-RANGE IPV6-RANGE
  cat <<J
{"cniVersion": "1.0.0", "name": "reference", "plugins": [
  {"type": "ptp", "ipam": {"type": "host-local", "ranges": [[{"subnet": "$1"}], [{"subnet": "$2"}]],
                           "routes": [{"dst": "0.0.0.0/0"}, {"dst": "::/0"}]}},
  {"type": "portmap", "capabilities": {"portMappings": true}, "snat": true}]}
J
}

# None: nodes wait for a network and pods for nodes.
network_none() { :; }
