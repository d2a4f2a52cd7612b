#!/usr/bin/env bash
# The whole matrix: client x front x protocol x family x where the endpoint is, once with sockets translated and once, for pods, packets
# alone (socketLB.hostNamespaceOnly). And who has nobody to answer hears so. Uplinks make no checksums here.
source "$(dirname "$0")/lab.sh"
for part in checks pods objects agents; do source "$netns_tests/$part.sh"; done

declare -A front4=([balancer]=203.0.113.5 [external]=203.0.113.9) front6=([balancer]=2001:db8:5::5 [external]=2001:db8:5::9)
declare -A number=([pod]=20 [host]=21) node_port=([pod]=30080 [host]=30081)
kinds=("" "--udp" "--udp --unconnected")

publish() {   # NAME: by a NodePort, a balancer's address and an external one
  local of=$1
  jq ".spec.type = \"LoadBalancer\" | .spec.ports[].nodePort = ${node_port[$of]}
      | .spec.externalIPs = [\"${front4[external]%.*}.$((${number[$of]} + 90))\", \"${front6[external]}${number[$of]}\"]
      | .status.loadBalancer.ingress = [{\"ip\": \"${front4[balancer]%.*}.${number[$of]}\"}, {\"ip\": \"${front6[balancer]}${number[$of]}\"}]" \
    "$lab/manifests/service-$of.json" | put_object "service-$of"
}
# address_of SERVICE FRONT 4|6, and the port beside it
front() {
  case $2 in
    cluster) echo "$("service$3" "${number[$1]}") 80" ;;
    balancer) (($3 == 4)) && echo "203.0.113.${number[$1]} 80" || echo "2001:db8:5::5${number[$1]} 80" ;;
    external) (($3 == 4)) && echo "203.0.113.$((${number[$1]} + 90)) 80" || echo "2001:db8:5::9${number[$1]} 80" ;;
    *) echo "$(address "$2" "$3") ${node_port[$1]}" ;;   # the NodePort of a node
  esac
}
answered() {   # CLIENT ADDRESS PORT NAME [ARGUMENT...]
  local answer
  answer=$(ask "${@:1:3}" "${@:5}")
  expect "who answered" "$4" "$(jq -r .answer.name <<<"$answer")" && expect "the client's peer" "$2" "$(jq -r .remote <<<"$answer")"
}
# A cell: every protocol and family. CLIENT SERVICE FRONT NAME
cell() {
  local family arguments where
  for family in 4 6; do
    read -ra where <<<"$(front "$2" "$3" "$family")"
    for arguments in "${kinds[@]}"; do
      answered "$1" "${where[@]}" "$4" $arguments || { echo "by ${where[*]} $arguments"; return 1; }
    done
  done
}
matrix() {   # WORDS
  local client front
  for client in a b c n1 n3 client; do
    for front in cluster n1 n3 balancer external; do
      [[ $client != client || $front != cluster ]] || continue
      check "$1: $client by $front to a pod" cell "$client" pod "$front" a
      check "$1: $client by $front to a pod with host networking" cell "$client" host "$front" n2
    done
    [[ $client == client ]] || check "$1: 20 kB in fragments from $client" large "$client"
  done
}
large() { answered "$1" "$(service4 20)" 80 a --udp --bytes 20000 && answered "$1" "$(service6 20)" 80 a --udp --bytes 20000; }
refused() {   # CLIENT ADDRESS PORT [ARGUMENT...]: heard at once
  local code=0
  ask "${@:1:3}" --timeout 2000 "${@:4}" >/dev/null || code=$?
  expect "exit code" 2 "$code"
}
refuses() {   # CLIENT SERVICE FRONT [PORT]
  local family where arguments
  for family in 4 6; do
    read -ra where <<<"$(front "$2" "$3" "$family")"
    for arguments in "" "--udp"; do refused "$1" "${where[0]}" "${4:-${where[1]}}" $arguments || { echo "by ${where[*]} $arguments"; return 1; }; done
  done
}
pings() {   # CLIENT SERVICE FRONT [ARGUMENT...]
  local family where
  for family in 4 6; do
    read -ra where <<<"$(front "$2" "$3" "$family")"
    on "$1" ping -n -c 2 -i 0.2 -W 2 "${@:4}" "${where[0]}"
  done
}
only_host_sockets() {   # WORDS: agents again, with pods' sockets left alone
  local node
  echo 'socketLB: {hostNamespaceOnly: true}' >"$lab/host-only.yaml"
  agent_values+=("$lab/host-only.yaml")
  for node in n1 n2 n3; do agent_kill "$node"; done
  for node in n1 n2 n3; do agent_start "$node"; done
  wait_ready n1 n2 n3
}

need_product
lab_start
nodes_up n1 n2 n3
client
for machine in n1 n2 n3 client; do in_machine "$machine" ethtool -K eth0 tx off >/dev/null; done
on client ip route add 203.0.113.0/24 via "$(node4 n3)"
on client ip -6 route add 2001:db8:5::/48 via "$(node6 n3)"
pod n1 a; pod n1 b; pod n3 c
for place in a n2; do serve "$place"; done
service pod 20; endpoints pod 8080 a; publish pod
service host 21; endpoints host 8080 n2; publish host
for node in n1 n2 n3; do until_true 10 "Services on $node" answered client "$(node6 "$node")" 30081 n2 --udp; done

matrix "sockets"
for client in a c n1 client; do
  check "$client pings the balancer's address" pings "$client" pod balancer
done
check "a pod pings a clusterIP with 9 kB" pings c pod cluster -s 9000
check "a node pings a clusterIP" pings n1 pod cluster
for client in a c client; do check "$client by the balancer's address to a port that is not there" refuses "$client" pod balancer 81; done

endpoints pod 8080
until_true 10 "nobody to be left" refused client "$(node4 n3)" 30080
for client in b c n1 client; do
  for front in cluster n1 n3 balancer external; do
    [[ $client != client || $front != cluster ]] || continue
    check "sockets: $client by $front, and nobody is there" refuses "$client" pod "$front"
  done
done
endpoints pod 8080 a

only_host_sockets
for node in n1 n3; do until_true 10 "the endpoint on $node" answered client "$(node4 "$node")" 30080 a; done
matrix "packets"
check "packets: a pod by a clusterIP to a port that is not there" refuses c pod cluster 81
endpoints pod 8080
until_true 10 "nobody to be left" refused c "$(service4 20)" 80
for client in b c; do
  for front in cluster n1 balancer external; do check "packets: $client by $front, and nobody is there" refuses "$client" pod "$front"; done
done
