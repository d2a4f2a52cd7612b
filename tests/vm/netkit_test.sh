#!/usr/bin/env bash
# Pods on netkit links: a node whose kernel has them, and a neighbour whose pods have veth links; then what happens to pods when the mode
# changes, and what a kernel without netkit makes of it.
source "$(dirname "$0")/guest.sh"
for part in checks pods objects agents; do source "$netns_tests/$part.sh"; done
guests_possible || exit 0
need_product

# The laboratory's commands take the guest n1 for a node like any other. What they name in the repository is elsewhere there: a guest has a
# /tmp and a /run of its own.
copies=/usr/local/repository
eval "$(declare -f in_machine | sed '1s/in_machine/in_namespaces/')"
in_machine() {
  local name=$1
  shift
  if [[ $name == n1 ]]; then guest_run n1 "$(printf '%q ' "${@//"$repository"/"$copies"}")"; else in_namespaces "$name" "$@"; fi
}
eval "$(declare -f in_pod | sed '1s/in_pod/in_namespaced_pod/')"
in_pod() {
  local pod=$1
  if [[ $(pod_node "$pod") == n1 ]]; then in_machine n1 ip netns exec "$@"; else in_namespaced_pod "$@"; fi
}
eval "$(declare -f cni_conf | sed '1s/cni_conf/cni_conf_in_files/')"
cni_conf() {
  [[ $1 == n1 ]] || { cni_conf_in_files "$@"; return; }
  in_machine n1 cat /etc/cni/net.d/05-ichor.conflist </dev/null | jq -c '.plugins[0] + {name, cniVersion}'
}

libraries() {   # PROGRAM: what it needs besides the C library, which a guest has
  local library
  while read -r library; do
    case $library in
      */libc.so.*|*/libm.so.*|*/ld-linux*) ;;
      *) install -D "$library" "$lab/layer/usr/lib/x86_64-linux-gnu/$(basename "$library")" ;;
    esac
  done < <(ldd "$1" | grep -oE '/[^ ]+')
}

layer() {   # the product and its tools
  local file
  for file in "$binaries"/{ichor-agent,ichor-cni,test_datapath} "$traffic" "${agent_values[@]}"; do
    install -D "$file" "$lab/layer${file/#"$repository"/"$copies"}"
  done
  "$vm_tests/programs" "$lab/layer" ping   # busybox' has no -M
  libraries "$binaries/test_datapath"
  guest_layer "$lab/layer"
}

# The stores and programs themselves, by their own tests.
datapath_tests() {
  in_machine n1 "$binaries/test_datapath" '--gtest_filter=DatapathNetkit.*:*GoneBackends*' </dev/null >"$lab/datapath" 2>&1 || true
  ! grep -E 'FAILED|SKIPPED' "$lab/datapath"
  grep -q '  PASSED  ' "$lab/datapath"
}

guest_agent() {   # MODE: starts it, waits until it is ready
  local file arguments=(--set "bpf.datapathMode=$1" --manifests /run/manifests --node-name n1)
  for file in "${agent_values[@]}"; do arguments+=(--config "$file"); done
  tar -c -C "$lab/manifests" . | guest_run n1 'mkdir -p /run/manifests && tar -x -C /run/manifests'
  in_machine n1 bash -c 'setsid "$@" </dev/null >>/run/agent.log 2>&1 & echo $! >/run/agent.pid' - \
    "$binaries/ichor-agent" run "${arguments[@]}" </dev/null
  until_true 60 "the agent of n1 to be ready" agent_ready n1 && return
  guest_run n1 'tail -n 20 /run/agent.log' </dev/null >&2
  return 1
}
guest_agent_kill() { guest_run n1 'kill -9 $(cat /run/agent.pid); while [ -e /proc/$(cat /run/agent.pid) ]; do :; done' </dev/null; }

reaches() {   # FROM TO FAMILY TTL: who answers, with both addresses as they are and the TTL that the server saw
  local answer
  answer=$(ask "$1" "$(address "$2" "$3")" 8080 --udp) || { echo "$answer"; return 1; }
  expect "answer" "$2 $(address "$1" "$3") $(address "$2" "$3") $4" "$(jq -r '.answer | "\(.name) \(.peer) \(.local) \(.ttl)"' <<<"$answer")"
  ask "$1" "$(address "$2" "$3")" 8080 >/dev/null
}
pair() {   # WORDS FROM TO TTL
  local family
  for family in 4 6; do
    check "$1, TTL and addresses, IPv$family" reaches "$2" "$3" $family "$4"
  done
}

service_answers() { ask a "$1" 80 | jq -e '.answer.name == "b"' >/dev/null; }
link_of() { jq -r '.interfaces[0].name' "$lab/n1/$1.json"; }
kind_of() { in_machine n1 ip -d link show "$(link_of "$1")" </dev/null | grep -oE '^ +(veth|netkit)' | tr -d ' '; }
attached() { in_machine n1 tc filter show dev "$(link_of a)" egress </dev/null | grep 'ichor:' >/dev/null; }

as_it_should_be_in_the_pod() {
  local output
  output=$(in_pod a ip -o address show dev eth0 </dev/null)
  expect "tentative or learned addresses" 0 "$(grep -cE 'tentative|dadfailed|fe80' <<<"$output")"
  output=$(in_pod a ip link show dev eth0 </dev/null)
  grep -q 'NOARP.*mtu 1500' <<<"$output" || { echo "$output"; return 1; }
  cni n1 CHECK a
  expect "addresses of links in the result" 0 "$(jq '[.interfaces[] | select(has("mac"))] | length' "$lab/n1/a.json")"
}

# An agent that is killed costs no packet; a program that somebody took away meanwhile comes back with the next one.
put_back() {
  guest_agent_kill
  reaches a c 4 63
  in_machine n1 tc qdisc delete dev "$(link_of a)" clsact </dev/null
  reaches a c 4 63
  guest_agent netkit
  until_true 20 "the program to be back" attached
  reaches a c 4 63
}

killed_in_add() {   # whatever the moment, a restart leaves nothing of an ADD that was not answered
  local before
  before=$(host_links n1)
  pod_namespace n1 d
  cni n1 ADD d >/dev/null 2>&1 &
  local adding=$!
  until_true 20 "the link of the ADD" more_pod_links "$before"
  guest_agent_kill
  wait "$adding" && { echo "the ADD was answered before"; cni n1 DEL d; }
  guest_agent netkit
  until_true 20 "the link of the ADD to go" links_are "$before"
}
more_pod_links() { (($(host_links n1) > $1)); }
links_are() { expect links "$1" "$(host_links n1)"; }

mode_changes() {
  local place
  guest_agent_kill
  guest_agent veth
  pod n1 e
  pod n1 f
  for place in e f; do serve "$place"; done
  expect "kind of the old pod's link" netkit "$(kind_of a)"
  expect "kind of the new pod's link" veth "$(kind_of e)"
  local family
  for family in 4 6; do
    reaches a e $family 64
    reaches a b $family 64
    reaches a c $family 63
  done
  ask e "$(address a 4)" 8080 >/dev/null
  http n1 '/tables/sandboxes?format=text' | grep 'keeps the netkit link' >/dev/null
}

all_goes() {
  local pod
  for pod in a b e f; do cni n1 DEL "$pod"; done
  until_true 20 "the links to go" no_pod_links
}
no_pod_links() { expect "pod links besides the canary's" 0 "$(($(host_links n1) - canary_links))"; }

# The kernel under the laboratory's own machines.
without_netkit() {
  in_namespaces n2 ip link add probe type netkit 2>/dev/null && { in_namespaces n2 ip link delete probe; return 1; }
  return 0
}
falls_back() {
  expect "kind" veth "$(in_namespaces n2 ip -d -o link show "$(jq -r '.interfaces[0].name' "$lab/n2/c.json")" | grep -oE ' (veth|netkit)' | head -1 | tr -d ' ')"
  http n2 '/status?format=text' | grep 'bpf.datapathMode.*netkit is asked for' >/dev/null
  in_namespaces n2 "$binaries/ichor-agent" check --set bpf.datapathMode=netkit | grep '^warn *netkit.*bpf.datapathMode' >/dev/null
}

# speed CLIENT SERVER: microseconds of 200 small requests, each a connection, and of 20 MB.
speed() {
  in_pod "$1" bash -c 'now() { echo "${EPOCHREALTIME/[.,]/}"; }; now; "$1" ask --count 200 "$2" >/dev/null; now; "$1" download --bytes 20000000 "$2" >/dev/null; now' - \
    "$traffic" "$(target "$(address "$2" 4)" 8080)" </dev/null | awk 'NR > 1 { print $1 - last } { last = $1 }' | paste -sd' '
}

# Both kinds in turn, three times: the best of each.
compare_speed() {   # KERNEL
  local round netkit=() veth=()
  for round in 1 2 3; do
    netkit+=("$(speed a b)")
    veth+=("$(speed e f)")
  done
  paste <(printf '%s\n' "${netkit[@]}") <(printf '%s\n' "${veth[@]}") | awk -v kernel="$1" '
    function least(a, b) { return a && a < b ? a : b }
    { nr = least(nr, $1); nb = least(nb, $2); vr = least(vr, $3); vb = least(vb, $4) }
    END { printf "# %s: netkit takes %.2f of the time of veth for small requests, %.2f for bulk; an emulated processor says little of a real one\n",
          kernel, nr / vr, nb / vb }' >&2
}

kernel_cases() {   # KERNEL
  local kernel=$1 place family
  guest_start n1 "$kernel" "$image"
  guest_wait n1
  say "# $kernel is Linux $(guest_run n1 'uname -r' </dev/null)"
  if ! guest_run n1 'ip link add probe type netkit && ip link delete probe' </dev/null 2>/dev/null; then
    skip "netkit on $kernel" "the kernel has none"
    guest_stop n1
    return
  fi
  check "$kernel: netkit's stores and programs" datapath_tests
  sed -nE "s/^(veth: |netkit: |replaced: )/# $kernel: \1/p" "$lab/datapath" >&2
  check "$kernel: the agent is ready with netkit" guest_agent netkit
  canary_links=$(host_links n1)
  for place in a b; do check "$kernel: ADD of $place" pod n1 "$place"; done
  for place in a b n1; do serve "$place"; done
  check "$kernel: the pods' links are netkit" expect "kind" netkit "$(kind_of a)"
  endpoints web 8080 b
  tar -c -C "$lab/manifests" . | guest_run n1 'tar -x -C /run/manifests'
  check "$kernel: the link in the pod, CHECK" as_it_should_be_in_the_pod
  pair "$kernel: pod to pod on one node" a b 64
  pair "$kernel: pod to a pod elsewhere" a c 63
  pair "$kernel: pod elsewhere to pod" c a 63
  pair "$kernel: pod to its node" a n1 64
  pair "$kernel: node to its pod" n1 a 64
  for family in 4 6; do
    check "$kernel: a ClusterIP answers a pod, IPv$family" until_true 20 "the Service" service_answers "$("service$family" 10)"
  done
  check "$kernel: a killed agent, a detached program" put_back
  check "$kernel: an agent killed in an ADD leaves nothing" killed_in_add
  in_machine n1 ip link set eth0 mtu 1400 </dev/null
  for family in 4 6; do check "$kernel: a narrow wire, the sender is told, IPv$family" told_too_big a c $family 1400; done
  in_machine n1 ip link set eth0 mtu 1500 </dev/null
  check "$kernel: veth again, old pods keep netkit" mode_changes
  compare_speed "$kernel"
  check "$kernel: DEL takes links of both kinds away" all_goes
  guest_stop n1
  rm -f "$lab"/{a,b,d,e,f}.node
}

lab_start
image=$(layer)
for place in n1 n2; do node_object "$place"; done
service web 10
node n2
agent_start n2 --set bpf.datapathMode=netkit
wait_ready n2
pod n2 c
serve c
if without_netkit; then
  check "a kernel without netkit: pods get veth links, /status and check say so" falls_back
else
  skip "a kernel without netkit" "this machine's has it"
fi
for kernel in "${guest_kernels[@]}"; do kernel_cases "$kernel"; done
