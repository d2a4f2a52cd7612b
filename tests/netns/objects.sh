# Sourced after pods.sh: the Kubernetes objects of the laboratory, written into the manifest directory that all nodes share. Each file
# arrives by rename, as a careful writer's does.

put_object() {   # FILE: the object on standard input; into $objects where a test has set another directory
  local directory=${objects:-$lab/manifests}
  cat >"$directory/.$1.new"
  mv "$directory/.$1.new" "$directory/$1.json"
}

node_object() {
  local n=$1
  put_object "node-$n" <<J
{"apiVersion": "v1", "kind": "Node", "metadata": {"name": "$n", "uid": "uid-$n", "labels": {"kubernetes.io/hostname": "$n"}},
 "spec": {"podCIDR": "$(node_range4 "$n")", "podCIDRs": ["$(node_range4 "$n")", "$(node_range6 "$n")"]},
 "status": {"addresses": [{"type": "InternalIP", "address": "$(node4 "$n")"}, {"type": "InternalIP", "address": "$(node6 "$n")"},
                          {"type": "Hostname", "address": "$n"}]}}
J
}

# service NAME NUMBER [PORT [TARGETPORT]]: dual stack, TCP and UDP, at 10.96.0.NUMBER and fd00:96::NUMBER.
service4() { echo "10.96.0.$1"; }
service6() { echo "fd00:96::$1"; }
service() {
  local name=$1 number=$2 port=${3:-80} target_port=${4:-8080}
  put_object "service-$name" <<J
{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "$name", "namespace": "default", "uid": "uid-$name"},
 "spec": {"type": "ClusterIP", "clusterIP": "$(service4 "$number")", "clusterIPs": ["$(service4 "$number")", "$(service6 "$number")"],
          "ipFamilies": ["IPv4", "IPv6"], "ipFamilyPolicy": "RequireDualStack", "selector": {"app": "$name"},
          "ports": [{"name": "tcp", "protocol": "TCP", "port": $port, "targetPort": $target_port},
                    {"name": "udp", "protocol": "UDP", "port": $port, "targetPort": $target_port}]}}
J
}

# endpoints NAME PORT [PLACE...]: one slice a family with the addresses of these pods and machines.
endpoints() {
  slice "$1" 4 IPv4 "${@:2}"
  slice "$1" 6 IPv6 "${@:2}"
}

slice() {   # NAME 4|6 ADDRESSTYPE PORT [PLACE...]
  local name=$1 family=$2 type=$3 port=$4 place list=
  shift 4
  for place in "$@"; do
    list+=${list:+,}"{\"addresses\": [\"$(address "$place" "$family")\"], \"conditions\": {\"ready\": true, \"serving\": true, \"terminating\": false},
      \"nodeName\": \"$([[ -e $lab/$place.node ]] && pod_node "$place" || echo "$place")\"}"
  done
  put_object "slice-$name-$family" <<J
{"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "$type",
 "metadata": {"name": "$name-$family", "namespace": "default", "labels": {"kubernetes.io/service-name": "$name"}},
 "endpoints": [$list],
 "ports": [{"name": "tcp", "protocol": "TCP", "port": $port}, {"name": "udp", "protocol": "UDP", "port": $port}]}
J
}
