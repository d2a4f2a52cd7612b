#!/usr/bin/env bash
# Maps are made twice as large and half as large again under long-lived flows and new calls with affinity: agents are killed and started
# with another size, and now and then killed once more in the middle. Nobody notices, and what is shown is what the kernel has.
# usage: map_sizes_test.sh [CHANGES]      20 without; the seed of the random moments is printed and taken from $SEED
source "$(dirname "$0")/lab.sh"
for part in checks pods objects agents flows; do source "$netns_tests/$part.sh"; done
changes=${1:-20}
nodes=(n1 n2)
RANDOM=${SEED:=$((EPOCHSECONDS % 32768))}

set_size() { printf 'bpf:\n  lbMapMax: %s\n' "$1" >"$lab/sizes.new" && mv "$lab/sizes.new" "$lab/sizes.yaml"; }

room_in() {   # NODE MAP: by the kernel
  in_machine "$1" bpftool -j map show pinned "/sys/fs/bpf/ichor/maps/$2_v1" | jq .max_entries
}
has_room() { [[ $(room_in "$1" backends) == "$2" ]]; }
shows_room() { http "$1" '/status?format=json' | jq -e --argjson room "$2" '[.. | .map_sizes? | objects | .backends] | .[0] == $room'; }

kept() {   # PLACE ADDRESS ARGUMENT...: one endpoint answers all of the client's connections, the one that answered before
  local tally
  tally=$(ask "$1" "$2" 80 --count 10 "${@:3}" | jq -c '.answers | keys')
  expect "who answered $*" "${first["$*"]:=$tally}" "$tally"
  expect "how many answered" 1 "$(jq length <<<"$tally")"
}
declare -A first=()

calls() {
  kept a "$(service4 13)"
  kept a "$(service6 13)" --udp
  kept b "$(service4 13)" --udp --unconnected
}

restart() {   # NODE...: with what the values file says now
  local node
  for node in "$@"; do
    agent_kill "$node"
    agent_start "$node"
  done
}

change_sizes() {
  local count size node
  for ((count = 0; count < changes; ++count)); do
    size=$((count % 2 ? 20000 : 40000))
    set_size "$size"
    restart "${nodes[@]}"
    if ((RANDOM % 3 == 0)); then
      sleep "0.$(printf %03d $((RANDOM % 400)))"
      restart n1
    fi
    calls || return 1
    for node in "${nodes[@]}"; do until_true 60 "room for $size on $node" has_room "$node" "$size" || return 1; done
    calls || return 1
  done
}

need_product
lab_start
set_size 20000
agent_values+=("$lab/sizes.yaml")
nodes_up "${nodes[@]}"
pod n1 a; pod n1 b; pod n2 c
for place in a c; do serve "$place"; done
service web 10
endpoints web 8080 a c
service sticky 13
jq '.spec.sessionAffinity = "ClientIP"' "$lab/manifests/service-sticky.json" | put_object service-sticky
endpoints sticky 8080 a c
for address in "$(service4 10)" "$(service6 10)" "$(service4 13)" "$(service6 13)"; do
  until_true 10 "$address" ask a "$address" 80
done
until_true 10 "affinity" calls

mapfile -t by_service < <(targets_of 80 "$(service4 10)" "$(service6 10)")
mapfile -t by_address < <(targets_of 8080 "$(pod4 c)" "$(pod6 a)")
flows_start changed b "${by_service[@]}" "${by_address[@]}"
echo "# $changes changes, seed $SEED"
check "sizes doubled and halved $changes times: every client keeps its endpoint" change_sizes
flows_stop
check "no flow broke" expect "broken flows" "" "$(flows_broken "$lab/flows-changed")"
check "no number was lost" expect lost 0 "$(flows_sum lost "$lab/flows-changed")"
check "status shows the size that is there" shows_room n1 "$(room_in n1 backends)"

set_size 1
restart n1
until_true 20 "a size that does not fit to be refused" eval 'http n1 /tables/map_sizes | grep "are in use" >/dev/null'
check "a map that is too full to shrink says so on its row" eval 'http n1 /tables/map_sizes | grep "are in use"'
check "the node stays ready" agent_ready n1
check "and clients keep their endpoints" calls
