#!/usr/bin/env bash
# ClusterIPs and NodePorts by the socket path: from every pod and node, TCP and UDP, both families, every endpoint gets its share, changes
# arrive.
source "$(dirname "$0")/lab.sh"
for part in checks pods objects agents; do source "$netns_tests/$part.sh"; done
places=(a b c n1 n2 n3)
port=80   # of the service that is called

answers() {   # PLACE ADDRESS ARGUMENT...: one of the endpoints answers, and the client believes to talk to the address that it called
  local place=$1 address=$2 answer
  answer=$(ask "$place" "$address" "$port" "${@:3}")
  [[ " $backends " == *" $(jq -r .answer.name <<<"$answer") "* ]] || { echo "$answer"; return 1; }
  expect "the client's peer" "$address" "$(jq -r .remote <<<"$answer")"
}

spread() {   # PLACE ADDRESS ARGUMENT...: each endpoint answers some of many requests, and nothing else does
  local tally
  tally=$(ask "$1" "$2" "$port" --count 100 "${@:3}")
  expect "who answered" "$(tr ' ' '\n' <<<"$backends" | sort | xargs)" "$(jq -r '.answers | keys | sort | join(" ")' <<<"$tally")"
}

only() {   # PLACE ADDRESS NAME ARGUMENT...: all requests go there
  expect "who answered" "{\"$3\":20}" "$(ask "$1" "$2" "$port" --count 20 "${@:4}" | jq -c .answers)"
}

refused() {   # PLACE ADDRESS ARGUMENT...: at once, which is before a first SYN could be sent again, after 1 s
  local answer code=0
  answer=$(ask "$1" "$2" "$port" --timeout 900 "${@:3}") || code=$?
  ((code == 2)) || { echo "code $code: $answer"; return 1; }
}

settled() { ask "$1" "$2" "$port" --timeout 300 "${@:3}"; }
no_longer() { ! ask "$1" "$2" "$port" --timeout 300; }

kept() {   # PLACE ADDRESS ARGUMENT...: one endpoint answers all of the client's connections
  expect "how many answered" 1 "$(ask "$1" "$2" "$port" --count 15 "${@:3}" | jq '.answers | length')"
}

due() {   # every client's record on n1 is older than the Service's timeout of 1 s
  in_machine n1 bpftool -j map dump pinned /sys/fs/bpf/ichor/maps/affinities_v1 |
    jq -e --argjson now "$(cut -d' ' -f1 /proc/uptime)" 'map(.formatted.value.last_used_ns / 1e9) | length > 0 and max + 1 < $now'
}

chooses_anew() {   # PLACE ADDRESS: a client that pauses for longer than its timeout of 1 s comes to another endpoint some time
  local first answer i
  first=$(ask "$1" "$2" "$port" | jq -r .answer.name)
  for ((i = 0; i < 20; i++)); do
    until_true 5 "the timeout to pass" due || return 1
    answer=$(ask "$1" "$2" "$port" | jq -r .answer.name)
    [[ $answer == "$first" ]] || return 0
  done
  echo "always $first"
  return 1
}

unreachable() {   # PLACE ADDRESS ARGUMENT...: fails at once, and not as a Service without endpoints does
  local answer code=0
  answer=$(ask "$1" "$2" "$port" --timeout 900 "${@:3}") || code=$?
  ((code == 5)) || { echo "code $code: $answer"; return 1; }
}

silent() {   # PLACE ADDRESS ARGUMENT...: neither an answer nor a refusal
  local answer code=0
  answer=$(ask "$1" "$2" "$port" --timeout 700 "${@:3}") || code=$?
  ((code == 3)) || { echo "code $code: $answer"; return 1; }
}

change_service() {   # NAME JQFILTER
  jq "$2" "$lab/manifests/service-$1.json" | put_object "service-$1"
}

heard() {   # ADDRESS PORT PATH: what an outside client hears: the code, and the Service's endpoints there or the node's eligibility
  on client curl -s --max-time 5 -w '{"code": %{http_code}}' "http://$(target "$1" "$2")$3" |
    jq -sr '[.[1].code, .[0].localEndpoints // .[0].nodeEligible] | map(tostring) | join(" ")'
}
hears() { expect "what the client hears" "$1" "$(heard "${@:2}")"; }   # EXPECTED ADDRESS PORT PATH
both_hear() { hears "$1" "$(node4 "$2")" "${@:3}" && hears "$1" "$(node6 "$2")" "${@:3}"; }   # EXPECTED NODE PORT PATH: by both families
effect_says() { http "$1" '/tables/effects?format=text' | grep -F "$2" >/dev/null; }
no_door() { ! heard "$@" >/dev/null; }
terminates() {   # SERVICE: all its endpoints do, and serve meanwhile
  local family
  for family in 4 6; do
    jq '.endpoints[].conditions = {ready: false, serving: true, terminating: true}' "$lab/manifests/slice-$1-$family.json" |
      put_object "slice-$1-$family"
  done
}
tainted() {   # NODE TAINTS
  jq --arg taints "$2" '.spec.taints = ($taints | split(" ") | map({key: ., effect: "NoSchedule"}))' "$lab/manifests/node-$1.json" |
    put_object "node-$1"
}

from_everywhere() {   # WORDS SERVICENUMBER
  local place family address
  for place in "${places[@]}"; do
    for family in 4 6; do
      address=$("service$family" "$2")
      check "$1 from $place, TCP, IPv$family" answers "$place" "$address"
      check "$1 from $place, UDP, IPv$family" answers "$place" "$address" --udp
      check "$1 from $place, UDP without connect, IPv$family" answers "$place" "$address" --udp --unconnected
    done
    check "$1 from $place, v4-mapped, TCP" answers "$place" "$(service4 "$2")" --mapped
    check "$1 from $place, v4-mapped, UDP" answers "$place" "$(service4 "$2")" --mapped --udp
    check "$1 from $place, v4-mapped, UDP without connect" answers "$place" "$(service4 "$2")" --mapped --udp --unconnected
  done
}

need_product
lab_start
nodes_up n1 n2 n3
pod n1 a; pod n1 b; pod n2 c
for place in "${places[@]}"; do serve "$place"; done

backends="a b c"
service web 10
endpoints web 8080 a b c
until_true 10 "web on n3" settled n3 "$(service6 10)" --udp
from_everywhere "pods' service" 10
for place in a n1 n3; do
  check "spread over all endpoints from $place, TCP, IPv4" spread "$place" "$(service4 10)"
  check "spread over all endpoints from $place, TCP, IPv6" spread "$place" "$(service6 10)"
  check "spread over all endpoints from $place, UDP, IPv4" spread "$place" "$(service4 10)" --udp
  check "spread over all endpoints from $place, UDP, IPv6" spread "$place" "$(service6 10)" --udp
done

backends="n1 n3"
service host 11
endpoints host 8080 n1 n3
until_true 10 "host on n2" settled n2 "$(service6 11)" --udp
from_everywhere "service of host-network pods" 11

backends="a b c"
service sticky 13
endpoints sticky 8080 a b c
change_service sticky '.spec.sessionAffinity = "ClientIP"'
for place in a n1; do
  for family in 4 6; do
    address=$("service$family" 13)
    until_true 10 "affinity on $place" kept "$place" "$address" --udp
    check "a client keeps its endpoint, $place, TCP, IPv$family" kept "$place" "$address"
    check "a client keeps its endpoint, $place, UDP, IPv$family" kept "$place" "$address" --udp
    check "a client keeps its endpoint, $place, UDP without connect, IPv$family" kept "$place" "$address" --udp --unconnected
  done
done
change_service sticky '.spec.sessionAffinityConfig.clientIP.timeoutSeconds = 1'
check "a client that pauses chooses anew" chooses_anew a "$(service4 13)"
change_service sticky '.spec.sessionAffinity = "None" | del(.spec.sessionAffinityConfig)'
until_true 10 "affinity to end" spread a "$(service4 13)"
check "without affinity connections spread, TCP" spread a "$(service4 13)"
check "without affinity connections spread, UDP" spread a "$(service4 13)" --udp

service near 14
endpoints near 8080 a c
change_service near '.spec.internalTrafficPolicy = "Local"'
for family in 4 6; do
  address=$("service$family" 14)
  until_true 10 "policy Local on n1" only n1 "$address" a
  until_true 10 "policy Local on n3" unreachable n3 "$address"
  for protocol in "" --udp; do
    check "policy Local, from the endpoint itself, IPv$family $protocol" only a "$address" a $protocol
    check "policy Local, from a pod beside it, IPv$family $protocol" only b "$address" a $protocol
    check "policy Local, from another node with one, IPv$family $protocol" only n2 "$address" c $protocol
    check "policy Local, from a node without any, IPv$family $protocol" unreachable n3 "$address" $protocol
  done
done

service self 15
endpoints self 8080 a
for family in 4 6; do
  until_true 10 "self on n1" settled a "$("service$family" 15)"
  for protocol in "" --udp; do check "a pod reaches itself, IPv$family $protocol" only a "$("service$family" 15)" a $protocol; done
done

service empty 12
endpoints empty 8080
until_true 10 "the empty service" refused n2 "$(service4 12)"
until_true 10 "the empty service" refused a "$(service6 12)"
for place in a n1 n2; do
  for family in 4 6; do
    check "no endpoint, $place is refused at once, TCP, IPv$family" refused "$place" "$("service$family" 12)"
    check "no endpoint, $place is refused at once, UDP, IPv$family" refused "$place" "$("service$family" 12)" --udp
  done
done

# NodePorts. On each node something else listens on two of them: no socket of a node takes a NodePort away from its service.
node_port() {   # NAME NUMBER JQFILTER: the service with this NodePort for TCP and UDP
  change_service "$1" ".spec.type = \"NodePort\" | .spec.ports[].nodePort = $2 | ${3:-.}"
}
from_every_place() {   # WORDS NODE COMMAND ARGUMENT...: the node's NodePort by both families, TCP, UDP and UDP without connect
  local words=$1 node=$2 place family arguments
  for place in a c n1 n3; do
    for family in 4 6; do
      for arguments in "" --udp "--udp --unconnected"; do
        check "$words from $place, IPv$family $arguments" "$3" "$place" "$(address "$node" "$family")" "${@:4}" $arguments
      done
    done
  done
}
forgotten() { [[ $(http n1 /tables/node_addresses) != *"$1"* ]]; }   # ADDRESS
frontends() { http n1 '/tables/frontends?format=json' | jq '[.. | objects | select(has("callers"))] | length'; }
service door 16
endpoints door 8080 a c
node_port door 30080
service local 17
endpoints local 8080 a
node_port local 30090 '.spec.externalTrafficPolicy = "Local" | .spec.internalTrafficPolicy = "Local"'
for place in n1 n2; do for number in 30080 30090; do serve "$place" $number; done; done

backends="a c" port=30080
for place in n1 n3 a c; do until_true 10 "the NodePort of n1 on $place" settled "$place" "$(node6 n1)" --udp; done
from_every_place "NodePort of n1" n1 answers
from_every_place "NodePort of n3" n3 answers
for place in a n1; do check "NodePort, spread over all endpoints from $place" spread "$place" "$(node4 n2)"; done
check "NodePort, v4-mapped" answers a "$(node4 n3)" --mapped
check "the node itself by 127.0.0.1, TCP" answers n3 127.0.0.1
check "the node itself by 127.0.0.1, UDP" answers n3 127.0.0.1 --udp
check "a pod's 127.0.0.1 is its own" refused b 127.0.0.1
check "::1 is no NodePort" refused n3 ::1

port=30090
for place in a n2 n3; do until_true 10 "the second NodePort on $place" only "$place" "$(address "$(pod_node "$place" 2>/dev/null || echo "$place")" 4)" a; done
for family in 4 6; do
  for protocol in "" --udp; do
    check "external policy Local, own node's from a node with one, IPv$family $protocol" only n1 "$(address n1 $family)" a $protocol
    check "external policy Local, own node's from a node without any, IPv$family $protocol" only n2 "$(address n2 $family)" a $protocol
    check "external policy Local, own node's from a pod of a node without any, IPv$family $protocol" only c "$(address n2 $family)" a $protocol
    check "external policy Local, a peer's is left to that peer, which has no endpoint, IPv$family $protocol" silent n1 "$(address n2 $family)" $protocol
    check "external policy Local, a peer's from a pod is left to it, IPv$family $protocol" only c "$(address n1 $family)" a $protocol
  done
done

port=30080
before=$(frontends)
nodes_up n4
until_true 10 "a node that joins to answer" settled a "$(node4 n4)"
check "a node that joins answers for every NodePort" answers n1 "$(node6 n4)" --udp
check "a node that joins adds no frontend" expect frontends "$before" "$(frontends)"
rm "$lab/manifests/node-n4.json"
until_true 10 "a node that left to be forgotten" forgotten "$(node4 n4)"

# Health checks, as a load balancer outside asks for them.
client
port=80
service checked 18
endpoints checked 8080 a
serve n2 32100
change_service checked '.spec.type = "LoadBalancer" | .spec.externalTrafficPolicy = "Local" | .spec.healthCheckNodePort = 32100'
until_true 10 "the health check on n1" hears "200 1" "$(node4 n1)" 32100 /
check "healthCheckNodePort, one endpoint on the node" both_hear "200 1" n1 32100 /any/path
check "healthCheckNodePort, none on the node" both_hear "503 0" n3 32100 /
check "a port that is taken is named with its Service" effect_says n2 \
  'health check of Service default/checked: HTTP on 0.0.0.0:32100: Address already in use'
check "/healthz of the node" both_hear "200 true" n1 10256 /healthz
check "/livez of the node" both_hear "200 null" n1 10256 /livez
terminates checked
until_true 10 "the endpoint that terminates" hears "503 0" "$(node4 n1)" 32100 /
check "healthCheckNodePort, the endpoint terminates" both_hear "503 0" n1 32100 /
check "it serves meanwhile" answers n3 "$(service4 18)"
check "/healthz does not mind" both_hear "200 true" n1 10256 /healthz
tainted n1 ToBeDeletedByClusterAutoscaler
until_true 10 "the taint" hears "503 false" "$(node4 n1)" 10256 /healthz
check "/healthz of a node that is to go" both_hear "503 false" n1 10256 /healthz
check "/livez of it" both_hear "200 null" n1 10256 /livez
tainted n1 ""
endpoints checked 8080 a b
until_true 10 "two endpoints" hears "200 2" "$(node4 n1)" 32100 /
port=30080

agent_kill n1
check "NodePorts go on without the agent" answers a "$(node4 n2)"
check "nobody says that a node without an agent is healthy" no_door "$(node4 n1)" 10256 /healthz
agent_start n1
wait_ready n1
check "an agent that starts answers as before" both_hear "200 2" n1 32100 /
change_service checked '.spec.externalTrafficPolicy = "Cluster"'
until_true 10 "the health check to end" no_door "$(node4 n1)" 32100 /
check "a healthCheckNodePort that is gone is closed" no_door "$(node6 n1)" 32100 /
change_service door '.spec.type = "ClusterIP" | del(.spec.ports[].nodePort)'
until_true 10 "the NodePort to end" no_longer a "$(node4 n3)"
check "a NodePort that went leads nowhere" refused n3 "$(node4 n3)"
port=80
check "its ClusterIP goes on" answers n3 "$(service4 16)"

endpoints web 8080 c
until_true 10 "the smaller set on n1" only n1 "$(service4 10)" c
until_true 10 "the smaller set on n1" only n1 "$(service6 10)" c
for family in 4 6; do
  check "a replaced slice is followed, TCP, IPv$family" only a "$("service$family" 10)" c
  check "a replaced slice is followed, UDP, IPv$family" only b "$("service$family" 10)" c --udp
done

endpoints empty 8080 b
until_true 10 "the first endpoint on n2" settled n2 "$(service4 12)"
until_true 10 "the first endpoint on n2" settled n2 "$(service6 12)"
for family in 4 6; do check "a first endpoint is found, IPv$family" only n2 "$("service$family" 12)" b; done

rm "$lab/manifests/service-web.json" "$lab/manifests"/slice-web-*.json
until_true 10 "web to end on n1" no_longer n1 "$(service4 10)"
check "a removed service answers no more" no_longer n1 "$(service4 10)"
check "its neighbour goes on" settled n1 "$(service4 12)"
