#!/usr/bin/env bash
# Services from outside: a host on the segment calls NodePorts, external addresses and a balancer's address by every node, whether that
# node has an endpoint or not. Uplinks make no checksums here, as real cards' do and a veth hides: what is wrong in one is lost.
source "$(dirname "$0")/lab.sh"
for part in checks pods objects agents flows; do source "$netns_tests/$part.sh"; done

vip4=203.0.113.5 vip6=2001:db8:5::5             # of the balancer
external4=203.0.113.9 external6=2001:db8:5::9   # in externalIPs
vip() { local name=$1$2; echo "${!name}"; }     # vip vip|external 4|6

via() {   # NODE: the client reaches the Services' addresses by that node
  on client ip route replace 203.0.113.0/24 via "$(node4 "$1")"
  on client ip -6 route replace 2001:db8:5::/48 via "$(node6 "$1")"
}
change_service() {   # NAME JQFILTER
  jq "$2" "$lab/manifests/service-$1.json" | put_object "service-$1"
}
kinds=("" "--udp" "--udp --unconnected")
# PLACE ADDRESS PORT NAMES [ARGUMENT...]: one of them answers, by the name that was called
answered() {
  local answer
  answer=$(ask "${@:1:3}" "${@:5}")
  [[ " $4 " == *" $(jq -r .answer.name <<<"$answer") "* ]] || { echo "$answer"; return 1; }
  expect "the client's peer" "$2" "$(jq -r .remote <<<"$answer")"
}
spread() {   # PLACE ADDRESS PORT NAMES [ARGUMENT...]: all of them answer, and nobody else
  local tally
  tally=$(ask "${@:1:3}" --count 60 "${@:5}")
  expect "who answered" "$(tr ' ' '\n' <<<"$4" | sort | xargs)" "$(jq -r '.answers | keys | sort | join(" ")' <<<"$tally")"
}
seen_as() {   # PLACE ADDRESS PORT EXPECTED [ARGUMENT...]: whom the endpoint saw
  expect "the client's address" "$4" "$(ask "${@:1:3}" "${@:5}" | jq -r .answer.peer)"
}
silent() {   # PLACE ADDRESS PORT [ARGUMENT...]: neither an answer nor a refusal
  local answer code=0
  answer=$(ask "${@:1:3}" --timeout 700 "${@:4}") || code=$?
  ((code == 3)) || { echo "code $code: $answer"; return 1; }
}
silent_or_refused() { ! ask "${@:1:3}" --timeout 700 >/dev/null; }
kept() {   # ADDRESS [ARGUMENT...]: one endpoint answers all of the client's connections
  expect "how many answered" 1 "$(ask client "$1" 80 --count 15 "${@:2}" | jq '.answers | length')"
}
dropped() { local text; text=$(http "$1" /status); [[ $text == *"$2"* ]]; }

from_outside() {   # WORDS NAMES PORT ADDRESS4 ADDRESS6
  local arguments address
  for address in "$4" "$5"; do
    for arguments in "${kinds[@]}"; do check "$1, $address $arguments" answered client "$address" "$3" "$2" $arguments; done
  done
}
download() { expect "intact" true "$(on client "$traffic" download --bytes 10000000 "$(target "$1" "$2")" | jq .intact)"; }
downloads() { download "$(node4 "$1")" 30080 && download "$(node6 "$1")" 30080 && download "$vip4" 80 && download "$vip6" 80; }
large() { answered client "$1" "$2" "$3" --udp --bytes 20000; }

kills() {
  local round
  flows_start nodeport client $(targets_of 30080 "$(node4 n1)" "$(node6 n1)" "$(node4 n3)" "$(node6 n3)")
  flows_start balancer client $(targets_of 80 "$vip4" "$vip6")
  for round in 1 2 3 4; do
    agent_kill n3; agent_kill n1
    answered client "$(node4 n3)" 30080 "a b" && answered client "$vip6" 80 "a b" --udp
    agent_start n1; agent_start n3
    wait_ready n1; wait_ready n3
  done
  flows_stop
  expect "flows that broke" "" "$(flows_broken "$lab/flows-nodeport" "$lab/flows-balancer")"
  expect "numbers lost" 0 "$(flows_sum lost "$lab/flows-nodeport" "$lab/flows-balancer")"
}
# Whom the kernel serves at each address: both ports and families of every kind, and the same backends.
shows_fronts() {   # NODE
  local rows
  rows=$(http "$1" '/tables/fronts?format=json&service=default/web')
  expect "kinds" "$(printf '%s\n' {ClusterIP,ExternalIP,LoadBalancer,NodePort}' 4' | sort)" \
    "$(jq -r '.[].kind' <<<"$rows" | sort | uniq -c | awk '{print $2, $1}')"
  expect "backends" "2 ready" "$(jq -r '.[].backends | "\(length) \(map(split(" ")[2]) | unique | join(","))"' <<<"$rows" | sort -u)"
  expect "where the NodePort is called" "$(node4 "$1")" \
    "$(jq -r '.[] | select(.key == "0.0.0.0:30080/TCP").node_addresses - ["127.0.0.1"] | join(" ")' <<<"$rows")"
  [[ $(in_machine "$1" "$binaries/ichor-agent" get fronts service=web port=30080 limit=1) == *NodePort*$'\n3 more; '* ]]
}
# A client's flow in the tables of the node that it called: what it called leads to a pod elsewhere, which sees the node.
shows_flows() {
  local row port
  answered client "$(node4 n3)" 30080 "a b"
  row=$(http n3 "/tables/connections?format=json&address=$net4.200&port=30080&protocol=tcp&limit=1" | jq '.[]')
  expect "what was called" "IN $(node4 n3):30080" "$(jq -r '"\(.way) \(.destination)"' <<<"$row")"
  [[ " $(pod4 a):8080 $(pod4 b):8080 " == *" $(jq -r .xlate_dst <<<"$row") "* ]] || { echo "$row"; return 1; }
  port=$(jq -r '.source | split(":")[1]' <<<"$row")
  expect "why, and by whose address" "service $(node4 n3)" \
    "$(http n3 "/tables/nat?format=json&address=$net4.200&port=$port" | jq -r '.[] | "\(.kind) \(.xlate_src | split(":")[0])"')"
}

scraped() { on client curl -sS --fail --max-time 5 "http://$(target "$1" 9962)/metrics"; }   # ADDRESS
promtool_agrees() { scraped "$1" >"$lab/metrics" && promtool check metrics <"$lab/metrics"; }
prometheus_start() {   # a real one, at the client: it scrapes all nodes each second
  cat >"$lab/prometheus.yml" <<J
{"global": {"scrape_interval": "1s"}, "scrape_configs": [{"job_name": "ichor", "static_configs": [{"targets":
 ["$(target "$(node4 n1)" 9962)", "$(target "$(node6 n2)" 9962)", "$(target "$(node4 n3)" 9962)"]}]}]}
J
  promtool check config "$lab/prometheus.yml" >"$lab/logs/prometheus"
  on client prometheus --config.file="$lab/prometheus.yml" --storage.tsdb.path="$lab/prometheus" --web.listen-address=127.0.0.1:9090 \
    >>"$lab/logs/prometheus" 2>&1 &
  disown
}
queried() {   # QUERY: the values, sorted
  on client curl -sS --get --max-time 5 http://127.0.0.1:9090/api/v1/query --data-urlencode "query=$1" |
    jq -r '.data.result[].value[1]' | sort -n | xargs
}
query_says() { expect "$1" "$2" "$(queried "$1")"; }   # QUERY VALUES
# A slice changes as its controller would write it: the time from there to the kernel is measured, and that is no minute.
programmed() {
  jq --arg now "$(date -u +%Y-%m-%dT%H:%M:%S.%NZ)" '.metadata.annotations["endpoints.kubernetes.io/last-change-trigger-time"] = $now' \
    "$lab/manifests/slice-web-4.json" | put_object slice-web-4
  until_true 20 "the change at Prometheus" query_says 'kubeproxy_network_programming_duration_seconds_count{ip_family="IPv4"} > 0' "1 1 1"
  query_says 'kubeproxy_network_programming_duration_seconds_bucket{ip_family="IPv4",le="60"} > 0' "1 1 1"
}

# a leaves while datagrams of many clients go on: they come to b, and what TCP has with a stays there.
leaves() {
  flows_start tcp client "tcp:$(target "$vip4" 80)" "tcp:$(target "$vip6" 80)" "tcp:$(target "$(node4 n1)" 30080)"
  endpoints web 8080 b
  until_true 10 "the smaller set" spread client "$vip4" 80 b
  spread client "$(node6 n1)" 30080 b --udp
  flows_stop
  expect "flows that broke" "" "$(flows_broken "$lab/flows-tcp")"
  endpoints web 8080 a b
  until_true 10 "the whole set" spread client "$vip4" 80 "a b"
}

need_product
lab_start
nodes_up n1 n2 n3
client
for machine in n1 n2 n3 client; do in_machine "$machine" ethtool -K eth0 tx off >/dev/null; done
pod n1 a; pod n2 b; pod n3 c
for place in a b c n1 n2; do serve "$place"; done

service web 20
endpoints web 8080 a b
change_service web ".spec.type = \"LoadBalancer\" | .spec.ports[].nodePort = 30080 | .spec.externalIPs = [\"$external4\", \"$external6\"]
  | .status.loadBalancer.ingress = [{\"ip\": \"$vip4\"}, {\"ip\": \"$vip6\"}]"
service host 21
endpoints host 8080 n1 n2
change_service host '.spec.type = "NodePort" | .spec.ports[].nodePort = 30081'
for node in n1 n2 n3; do until_true 10 "the NodePort of $node" answered client "$(node6 "$node")" 30081 "n1 n2" --udp; done

for node in n1 n3; do
  via "$node"
  from_outside "NodePort of $node" "a b" 30080 "$(node4 "$node")" "$(node6 "$node")"
  from_outside "balancer's address by $node" "a b" 80 "$vip4" "$vip6"
  from_outside "external address by $node" "a b" 80 "$external4" "$external6"
  from_outside "NodePort of $node to host-network pods" "n1 n2" 30081 "$(node4 "$node")" "$(node6 "$node")"
  check "all endpoints answer by $node" spread client "$vip6" 80 "a b"
  check "all host-network endpoints answer by $node" spread client "$(node4 "$node")" 30081 "n1 n2" --udp
  check "10 MB intact by $node" downloads "$node"
  check "datagrams in fragments by $node, IPv4" large "$vip4" 80 "a b"
  check "datagrams in fragments by $node, IPv6" large "$vip6" 80 "a b"
done
for place in a c n1 n3; do
  for front in vip external; do
    for family in 4 6; do
      for arguments in "${kinds[@]}"; do
        check "$front address from $place, IPv$family $arguments" answered "$place" "$(vip $front $family)" 80 "a b" $arguments
      done
    done
  done
done

# O1 and more: one number of three pods of a node, by address and protocol; and the port of one at every address of its node.
with_port() {   # POD HOSTIP HOSTPORT PROTOCOL
  CNI_PORT_MAPPINGS="[{\"hostIP\": \"$2\", \"hostPort\": $3, \"containerPort\": 8080, \"protocol\": \"$4\"}]" pod n1 "$1"
  serve "$1"
}
with_port h1 127.0.0.1 8090 tcp
with_port h2 "$(node4 n1)" 8090 tcp
with_port h3 "$(node4 n1)" 8090 udp
with_port h4 "" 8091 tcp
check "O1 hostPort at 127.0.0.1, from the node" answered n1 127.0.0.1 8090 h1
check "O1 hostPort at the node's address, from the node" answered n1 "$(node4 n1)" 8090 h2
check "O1 hostPort at the node's address, UDP, from the node" answered n1 "$(node4 n1)" 8090 h3 --udp
for place in client c n2 a h4; do
  check "hostPort from $place, TCP" answered "$place" "$(node4 n1)" 8090 h2
  check "hostPort from $place, UDP" answered "$place" "$(node4 n1)" 8090 h3 --udp
  for family in 4 6; do check "hostPort at every address, from $place, IPv$family" answered "$place" "$(address n1 $family)" 8091 h4; done
done
check "a pod's 127.0.0.1 is its own" silent_or_refused a 127.0.0.1 8090
check "another node's port is its own" silent_or_refused client "$(node4 n2)" 8091
agent_kill n1; agent_start n1; wait_ready n1
check "hostPorts are there after a restart" answered client "$(node6 n1)" 8091 h4
pod_end n1 h4
check "a pod that went takes its port along" silent_or_refused client "$(node4 n1)" 8091

check "get fronts shows what is served, by whom" shows_fronts n1
check "get connections and get nat show a client's flow" shows_flows
check "promtool finds nothing to complain of" promtool_agrees "$(node6 n1)"
prometheus_start
until_true 20 "Prometheus" query_says 'up' "1 1 1"
check "Prometheus scrapes all nodes" query_says 'ichor_ready' "1 1 1"
check "what was dropped is at Prometheus as in /status" query_says 'ichor_drops_total{reason="source_range"}' "0 0 0"
check "how long a change took to the kernel is at Prometheus" programmed

via n3
check "four times two agents are killed under flows: none breaks, no number is lost, new ones go on meanwhile" kills
via n1
check "an endpoint leaves: new connections and datagrams go to the other, connections stay" leaves

change_service web '.spec.sessionAffinity = "ClientIP"'
until_true 10 "affinity" kept "$vip4" --udp
check "a client keeps its endpoint, TCP" kept "$vip6"
check "a client keeps its endpoint, UDP" kept "$vip6" --udp
change_service web '.spec.sessionAffinity = "None" | del(.spec.sessionAffinityConfig)'

endpoints web 8080 a
change_service web '.spec.externalTrafficPolicy = "Local"'
until_true 10 "policy Local on n3" silent client "$(node4 n3)" 30080
for arguments in "${kinds[@]}"; do
  for address in "$(node4 n1)" "$(node6 n1)"; do
    check "policy Local, the endpoint sees the client, $address $arguments" seen_as client "$address" 30080 "$(address client $([[ $address == *:* ]] && echo 6 || echo 4))" $arguments
  done
  check "policy Local, by the balancer's address too, $arguments" seen_as client "$vip4" 80 "$net4.200" $arguments
  check "policy Local, a node without an endpoint is silent, $arguments" silent client "$(node6 n3)" 30080 $arguments
  check "policy Local, pods of a node without one call by the balancer's address, $arguments" answered c "$vip6" 80 a $arguments
  check "policy Local, a peer's NodePort is that peer's, $arguments" seen_as c "$(node4 n1)" 30080 "$(pod4 c)" $arguments
done
check "the node counts them by reason" dropped n3 no_local_endpoint

change_service web ".spec.externalTrafficPolicy = \"Cluster\" | .spec.loadBalancerSourceRanges = [\"$net4.201/32\", \"fd00:77::/64\"]"
for family in 4 6; do
  until_true 10 "source ranges" silent client "$(vip vip $family)" 80
  check "who is in no range is not answered, UDP, IPv$family" silent client "$(vip vip $family)" 80 --udp
  check "a pod in no range is not answered, IPv$family" silent c "$(vip vip $family)" 80
  check "the node itself is, IPv$family" answered n3 "$(vip vip $family)" 80 a
  check "NodePorts have no ranges, IPv$family" answered client "$(address n3 $family)" 30080 a
done
check "the node counts them by reason" dropped n1 source_range
check "and Prometheus hears of it" until_true 10 "the drops" eval '[[ -n $(queried "ichor_drops_total{reason=\"source_range\"} > 0") ]]'
change_service web ".spec.loadBalancerSourceRanges = [\" $net4.200/32 \", \"$net6:200/128\", \"$pods6::/32\"]"
for family in 4 6; do
  until_true 10 "the new ranges" answered client "$(vip vip $family)" 80 a
  check "who is in a range is answered, UDP, IPv$family" answered client "$(vip vip $family)" 80 a --udp
done
for arguments in "${kinds[@]}"; do check "so is a pod in a range, $arguments" answered c "$vip6" 80 a $arguments; done

change_service web '.status.loadBalancer.ingress[].ipMode = "Proxy"'
until_true 10 "the balancer's address to be its own" silent client "$vip4" 80
check "ipMode Proxy: the address is the balancer's own" silent client "$vip6" 80 --udp
check "its NodePort goes on" answered client "$(node6 n2)" 30080 a
rm "$lab/manifests/service-web.json" "$lab/manifests"/slice-web-*.json
until_true 10 "web to end" silent client "$external4" 80
check "a removed Service answers nobody" silent client "$external6" 80 --udp
check "its neighbour goes on" answered client "$(node4 n3)" 30081 "n1 n2"
