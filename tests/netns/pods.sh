# Sourced after lab.sh: pods as a container runtime makes them, a network namespace on the node and real calls of the CNI plugin with
# the configuration that lies in the node's /etc/cni/net.d.

node_file() { echo "/proc/$(<"$lab/$1/pid")/root$2"; }   # node_file NODE PATH: that file of the node, seen from here

# The first network's first plugin in the form that libcni gives it.
cni_conf() {
  local lists
  lists=("$(node_file "$1" /etc/cni/net.d)"/*.conflist)
  [[ -e ${lists[0]} ]] || { say "$1 has no CNI configuration"; return 1; }
  jq -c '.plugins[0] + {name, cniVersion: (env.CNI_VERSION // .cniVersion)} | del(.capabilities)
    | if env.CNI_PORT_MAPPINGS then .runtimeConfig.portMappings = (env.CNI_PORT_MAPPINGS | fromjson) else . end' "${lists[0]}"
}

cni_plugin() {   # NODE: the executable that the configuration names
  local type directory
  type=$(jq -r .type <<<"$1")
  for directory in "$binaries" /usr/lib/cni; do
    [[ -x $directory/$type ]] && { echo "$directory/$type"; return; }
  done
  say "no CNI plugin $type"
  return 1
}

# cni NODE COMMAND POD: one call; the reply on standard output. CHECK takes the result of the pod's ADD.
cni() {
  local node=$1 command=$2 pod=${3:-none} conf plugin
  conf=$(cni_conf "$node")
  plugin=$(cni_plugin "$conf")
  [[ $command != CHECK ]] || conf=$(jq -c --slurpfile result "$lab/$node/$pod.json" '. + {prevResult: $result[0]}' <<<"$conf")
  in_machine "$node" env CNI_COMMAND="$command" CNI_CONTAINERID="sandbox-$pod" CNI_NETNS="/run/netns/$pod" CNI_IFNAME=eth0 \
    CNI_PATH="$(dirname "$plugin"):/usr/lib/cni" \
    CNI_ARGS="IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=$pod;K8S_POD_INFRA_CONTAINER_ID=sandbox-$pod;K8S_POD_UID=uid-$pod" \
    "$plugin" <<<"$conf"
}

pod_namespace() {
  in_machine "$1" bash -euc "ip netns add $2; ip -n $2 link set lo up"
  mkdir -p "$lab_group/$1/pods/$2"
}

# pod NODE POD: namespace and ADD. The reply is kept: pod4 and pod6 read it.
pod() {
  pod_namespace "$1" "$2"
  cni "$1" ADD "$2" >"$lab/$1/$2.json" || { cat "$lab/$1/$2.json" >&2; return 1; }
  echo "$1" >"$lab/$2.node"
}

pod_end() {
  local node=$1 pod=$2
  echo 1 >"$lab_group/$node/pods/$pod/cgroup.kill"
  cni "$node" DEL "$pod"
  in_machine "$node" ip netns delete "$pod"
  rm -f "$lab/$node/$pod.json" "$lab/$pod.node"
  until_true 5 "processes of $pod to end" rmdir "$lab_group/$node/pods/$pod"
}

host_links() { in_machine "$1" ip -o link show </dev/null | grep -c '^[0-9]*: ich' || true; }   # of a node: those of pods and the canary's

pod_node() { cat "$lab/$1.node"; }
pod4() { jq -r '[.ips[].address | select(contains(":") | not)][0] | split("/")[0]' "$lab/$(pod_node "$1")/$1.json"; }
pod6() { jq -r '[.ips[].address | select(contains(":"))][0] | split("/")[0]' "$lab/$(pod_node "$1")/$1.json"; }

# in_pod POD COMMAND...: in the pod's network namespace and control group, with the node's files.
in_pod() {
  local pod=$1 node pid
  shift
  node=$(<"$lab/$pod.node")
  pid=$(<"$lab/$node/pid")
  (
    trap - EXIT INT TERM HUP
    echo 0 >"$lab_group/$node/pods/$pod/cgroup.procs"
    exec nsenter --target "$pid" --net="/proc/$pid/root/run/netns/$pod" --mount --uts --ipc --pid --cgroup -- "$@"
  )
}

# on PLACE COMMAND...: PLACE is a machine or a pod.
on() {
  if [[ -e $lab/$1.node ]]; then in_pod "$@"; else in_machine "$@"; fi
}

# address PLACE 4|6
address() {
  if [[ -e $lab/$1.node ]]; then
    "pod$2" "$1"
  elif [[ $1 == client ]]; then
    [[ $2 == 4 ]] && echo "$net4.200" || echo "$net6:200"
  else
    "node$2" "$1"
  fi
}

# target ADDRESS PORT: as the traffic tool wants it.
target() { [[ $1 == *:* ]] && echo "[$1]:$2" || echo "$1:$2"; }

# serve PLACE [PORT [ARGUMENT...]]: a server that answers with the place's name, TCP and UDP, both families.
serve() {
  local place=$1 port=${2:-8080}
  on "$place" "$traffic" serve --name "$place" --port "$port" "${@:3}" >"$lab/logs/$place.serve-$port" 2>&1 &
  disown
  until_true 5 "the server on $place" grep -q serving "$lab/logs/$place.serve-$port"
}

# ask PLACE ADDRESS PORT [ARGUMENT...]: the answer's line; exit codes as the tool's.
ask() { on "$1" "$traffic" ask "${@:4}" "$(target "$2" "$3")"; }

told_too_big() {   # FROM TO FAMILY MTU: a packet with DF that does not fit the wire is answered with the wire's size
  local output size=1472
  (($3 == 6)) && size=1452
  output=$(on "$1" ping -n -c 1 -W 3 -"$3" -M do -s $size "$(address "$2" "$3")" </dev/null 2>&1) && { echo "went through"; return 1; }
  grep -Eq "mtu ?= ?$4" <<<"$output" || { echo "$output"; return 1; }
}
