# Sourced after objects.sh: real kube-proxies on the nodes of the laboratory, in each of its modes that has rules of its own. What they
# know lies in $lab/proxied.

kube_proxy=${ICHOR_KUBE_PROXY:-${ICHOR_CACHE:-$HOME/.cache/ichor}/cluster/bin/kube-proxy}
kube_proxy_modes=(nftables iptables iptables-legacy)

# Where kube-proxy finds the iptables of a mode: it takes what is called so.
iptables_of() {   # MODE: a directory for PATH
  local directory=$lab/iptables-$1 kind=nft name
  [[ $1 != iptables-legacy ]] || kind=legacy
  mkdir -p "$directory"
  for name in {ip,ip6}tables{,-save,-restore}; do ln -sf "$(command -v xtables-$kind-multi)" "$directory/$name"; done
  echo "$directory"
}

proxied_objects() {   # an API server of its own on the switch, for kube-proxies alone
  mkdir -p "$lab/proxied"
  on lan "$netns_tests/api_server.py" "$net4.1" 8001 "$lab/proxied" >"$lab/logs/api-server" 2>&1 &
  disown
  until_true 10 "the API server" on lan curl -sf "http://$net4.1:8001/api/v1/nodes"
  cat >"$lab/kube-proxy.kubeconfig" <<Y
{apiVersion: v1, kind: Config, clusters: [{name: c, cluster: {server: "http://$net4.1:8001"}}],
 contexts: [{name: c, context: {cluster: c, user: u}}], users: [{name: u}], current-context: c}
Y
}

kube_proxy_run() {   # NODE MODE ARGUMENT...
  in_machine "$1" env PATH="$(iptables_of "$2"):$PATH" "$kube_proxy" "${@:3}"
}

# kube_proxy_start NODE MODE: returns when it has written its rules.
kube_proxy_start() {
  local config=$lab/kube-proxy-$1.yaml
  cat >"$config" <<Y
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
mode: ${2%-legacy}
clientConnection: {kubeconfig: $lab/kube-proxy.kubeconfig, contentType: application/json}
hostnameOverride: $1
clusterCIDR: "$pods4.0.0/16,$pods6::/48"
conntrack: {maxPerCore: 0}
healthzBindAddress: 127.0.0.1:10257
Y
  kube_proxy_run "$1" "$2" --config="$config" --v=2 >>"$lab/logs/$1.kube-proxy" 2>&1 &
  kube_proxies[$1]=$!
  until_true 30 "kube-proxy's rules on $1" kube_proxy_has_rules "$1" "$2" || { tail -n 20 "$lab/logs/$1.kube-proxy" >&2; return 1; }
}
declare -A kube_proxies=()   # node: process id of the job

kube_proxy_has_rules() {   # NODE MODE
  case $2 in
    nftables) in_machine "$1" nft list chain ip6 kube-proxy services && in_machine "$1" nft list chain ip kube-proxy services ;;
    *) for name in iptables ip6tables; do in_machine "$1" "$(iptables_of "$2")/$name" -t nat -n -L KUBE-SERVICES || return 1; done ;;
  esac
}

kube_proxy_stop() {   # NODE: the process alone; its rules stay
  kill -TERM "$(innermost "${kube_proxies[$1]}")" && wait "${kube_proxies[$1]}" || true
}

kube_proxy_cleanup() { kube_proxy_run "$1" "$2" --cleanup --v=2 >>"$lab/logs/$1.kube-proxy" 2>&1; }   # NODE MODE
