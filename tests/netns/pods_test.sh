#!/usr/bin/env bash
# Pods and nodes reach each other, both families, with their own addresses, a TTL that tells of wires only, and path MTU.
# LAB_NETWORK=reference runs the same over plain routes, to judge the laboratory itself.
source "$(dirname "$0")/lab.sh"
for part in checks pods objects agents reference; do source "$netns_tests/$part.sh"; done
network=${LAB_NETWORK:-ichor}

reaches() {   # FROM TO FAMILY ARGUMENT...: the answer names the server and both addresses as they are
  local from=$1 to=$2 family=$3 answer
  answer=$(ask "$from" "$(address "$to" "$family")" 8080 "${@:4}") || { echo "$answer"; return 1; }
  expect "who answers" "$to" "$(jq -r .answer.name <<<"$answer")"
  expect "destination" "$(address "$to" "$family")" "$(jq -r .answer.local <<<"$answer")"
  [[ $network == reference ]] || expect "source" "$(address "$from" "$family")" "$(jq -r .answer.peer <<<"$answer")"
}

pings() { on "$1" ping -n -c 1 -W 3 -"$3" "${@:4}" "$(address "$2" "$3")"; }

hops() {   # FROM TO FAMILY EXPECTED: the TTL as the server saw it
  expect "TTL" "$4" "$(ask "$1" "$(address "$2" "$3")" 8080 --udp | jq .answer.ttl)"
}

pair() {   # WORDS FROM TO TTL
  local words=$1 from=$2 to=$3 family
  for family in 4 6; do
    check "$words, TCP, IPv$family" reaches "$from" "$to" $family
    check "$words, UDP, IPv$family" reaches "$from" "$to" $family --udp
    check "$words, UDP without connect, IPv$family" reaches "$from" "$to" $family --udp --unconnected
    check "$words, ICMP, IPv$family" pings "$from" "$to" $family
    check "$words, fragments, IPv$family" pings "$from" "$to" $family -s 4000
    [[ $network == reference ]] || check "$words, TTL, IPv$family" hops "$from" "$to" $family "$4"
  done
}

bulk() { on "$1" "$traffic" download --bytes 20000000 "$(target "$(address "$2" "$3")" 8080)"; }

if [[ $network == reference ]]; then
  lab_start
  reference_up n1 n2
else
  need_product
  lab_start
  nodes_up n1 n2
fi
pod n1 a; pod n1 b; pod n2 c
for place in a b c n1 n2; do serve "$place"; done

pair "pod to pod on one node" a b 64
pair "pod to pod across nodes" a c 63
pair "pod to its node" a n1 64
pair "node to its pod" n1 a 64
pair "pod to another node" a n2 63
pair "node to a pod elsewhere" n1 c 64
for family in 4 6; do
  check "pod to itself, IPv$family" reaches a a $family
  check "a large download on one node, IPv$family" bulk b a $family
  check "a large download across nodes, IPv$family" bulk c a $family
done

# The wire of n1 gets narrower than its pods believe.
in_machine n1 ip link set eth0 mtu 1400
for family in 4 6; do
  check "a narrow wire, TCP finds its size, IPv$family" bulk c a $family
  check "a narrow wire, the sender is told, IPv$family" told_too_big b c $family 1400
done
