#!/usr/bin/env bash
# What an agent does not know is not gone: records lost, damaged or of another version, links of strangers, namespaces that went without a
# DEL, and a second agent. No running pod is touched, no address is given twice, and in the end nothing is left.
source "$(dirname "$0")/lab.sh"
for part in checks pods objects agents; do source "$netns_tests/$part.sh"; done
state=/var/lib/ichor
room=14   # addresses of a /28 that pods can have

small_range() {   # a /28, so that it can be filled
  node_object n1
  jq '.spec.podCIDR = "10.42.1.0/28" | .spec.podCIDRs[0] = "10.42.1.0/28"' "$lab/manifests/node-n1.json" | put_object node-n1
}
records() { node_file n1 "$state/sandboxes"; }
record() { echo "$(records)/sandbox-$1@eth0@$(</proc/sys/kernel/random/boot_id).json"; }
status() { http_any n1 '/status?format=json' | jq -r '.problems[] | .subject + ": " + .text'; }   # what is amiss, a line each
status_says() { grep -Eq "$1" <<<"$(status)"; }
status_silent() { ! status_says "$1"; }
again() { agent_kill n1; "$@"; agent_start n1; wait_ready n1; }
link_of() { jq -r '.interfaces[0].name' "$lab/n1/$1.json"; }
ways() {   # LINK...: what hangs on these links
  local link
  for link in "$@"; do
    in_machine n1 bash -euc "ip -o link show dev $link; ip route show dev $link; ip -6 route show dev $link; ip neigh show dev $link nud permanent"
  done
}
reaches() { local pod; for pod in "$@"; do ask b "$(pod4 "$pod")" 8080 && ask b "$(pod6 "$pod")" 8080; done; }
as_before() { diff <(echo "$before") <(ways "${links[@]}"); }
given_once() { expect "addresses given twice" "" "$(jq -r '.ips[].address' "$lab"/n1/*.json | sort | uniq -d)"; }
queue_empty() { expect "queued deletions" "" "$(ls "$(node_file n1 "$state/cni-deletions")" 2>/dev/null)"; }
no_record() { [[ ! -e $(record "$1") ]]; }
link_gone() { ! in_machine n1 ip link show dev "$1"; }

fill() {   # NAME COUNT
  local number
  for ((number = 1; number <= $2; ++number)); do pod n1 "$1$number"; done
}
refused() {   # CODE NETNS CONTAINER IFNAME
  local conf output
  conf=$(cni_conf n1)
  if output=$(in_machine n1 env CNI_COMMAND=ADD CNI_CONTAINERID="$3" CNI_NETNS="/run/netns/$2" CNI_IFNAME="$4" CNI_PATH="$binaries" \
    "$binaries/ichor-cni" <<<"$conf"); then echo "succeeded: $output"; return 1; fi
  expect "error code" "$1" "$(jq .code <<<"$output")"
  jq -r .msg <<<"$output"
}
no_room() {
  pod_namespace n1 late
  refused 11 late sandbox-late eth0
}

# A second agent, with other arguments than the first one's.
second() {
  local -a arguments=("$@")
  mkdir -p "$lab_group/n1/second"
  in_machine n1 bash -c 'echo 0 >/sys/fs/cgroup/second/cgroup.procs; exec "$@"' - "$binaries/ichor-agent" run --manifests "$lab/manifests" \
    --node-name n1 --http-address 127.0.0.1:9880 "${arguments[@]}" >"$lab/logs/second" 2>&1 &
  disown
}
second_end() {
  local pid
  pid=$(cat "$lab_group/n1/second/cgroup.procs")
  kill -9 "$pid"
  until_true 5 "the second to end" gone "$pid"
}
second_says() { in_machine n1 curl -sS --max-time 5 http://127.0.0.1:9880/status | grep -E "$1" >/dev/null; }
stands_by() {   # DIRECTORY: as its status says, and the first one's work goes on untouched
  until_true 10 "the second to stand by" second_says "$1: another ichor-agent holds this directory"
  as_before
  agent_ready n1
}

pods_there() { http n1 '/tables/sandboxes?format=json' | jq '[.[] | select(.key | startswith("canary") | not)] | length'; }
pods_are() { expect "sandboxes" "$1" "$(pods_there)"; }
writable_by_others() { in_machine n1 find "$state" /run/ichor /etc/cni/net.d -perm /022 ! -type l; }

need_product
lab_start
node n1
small_range
in_machine n1 bash -euc '
  ip link add ichost type veth peer name ichthys0
  ip link set ichost up; ip link set ichthys0 up; ip address add 198.51.100.1/32 dev ichost
  ip link add ich0123456789aB type veth peer name ichdeadbeef'
strangers=$(in_machine n1 bash -c 'for link in ichost ichthys0 ich0123456789aB ichdeadbeef; do ip -br address show dev $link; done')
agent_start n1
wait_ready n1
fill a 3
pod n1 b
for number in 1 2 3; do serve "a$number"; done
links=("$(link_of a1)" "$(link_of a2)" "$(link_of a3)" "$(link_of b)")
before=$(ways "${links[@]}")

again in_machine n1 rm -rf "$state"
check "without the state directory: links, routes and neighbours are as they were" as_before
check "without the state directory: pods are reached" reaches a1 a2 a3
check "without the state directory: each is reported" status_says "Sandbox sandbox-a1/eth0: no record"
check "without the state directory: CHECK is content" cni n1 CHECK a1
check "new pods fill the range" fill c $((room - 4))
check "no address is given twice" given_once
check "when the range is full an ADD is refused" no_room
check "pods are still reached" reaches a1 a2 a3
check "a namespace whose interface a known sandbox has is refused to another" refused 100 a1 sandbox-thief eth0
check "so is one that was made since" refused 100 c1 sandbox-thief eth0
check "the pod is still reached" reaches a1
check "DEL takes one away that has no record" pod_end n1 a3
check "its link goes" until_true 5 "the link to go" link_gone "${links[2]}"
check "it is reported no longer" until_true 5 "the status" status_silent "sandbox-a3/eth0"
links=("$(link_of a1)" "$(link_of a2)" "$(link_of b)")
before=$(ways "${links[@]}")

damage() {
  : >"$(record c1)"
  truncate -s 100 "$(record c2)"
  jq '.version = 99 | .incarnation = "a thing of the future" | .more = {}' "$(record c3)" >"$lab/newer"
  cp "$lab/newer" "$(record c3)"
  jq '.more = {"a": [1]}' "$(record c4)" >"$lab/more" && cp "$lab/more" "$(record c4)"
  rm "$(record c5)"
  in_machine n1 ip link set dev "$(link_of c5)" alias ""   # as made by an older version
}
more=("$(link_of c1)" "$(link_of c2)" "$(link_of c3)" "$(link_of c4)")
before_more=$(ways "${more[@]}")
again damage
check "damaged records: links, routes and neighbours are as they were" diff <(echo "$before_more") <(ways "${more[@]}")
check "damaged records: each is reported" status_says "Sandbox sandbox-c1/eth0: .*sandboxes/sandbox-c1@eth0@"
check "a newer version's record: it is reported" status_says "Sandbox sandbox-c3/eth0: .*version: not 1"
check "a newer version's record: it is as it was" cmp "$lab/newer" "$(record c3)"
check "a record with a field that nobody knows is a record" status_silent "sandbox-c4/eth0: "
check "a link that nothing names is kept" status_says "Sandbox $(link_of c5)/: no record"
pod_end n1 c6
check "the address of one that went is given out while no other is free" fill d 1
check "no address is given twice, damage or not" given_once
for number in 1 2 3; do check "DEL of a damaged record, c$number" pod_end n1 "c$number"; done
for number in 1 2 3; do check "the damaged record is gone, c$number" until_true 5 "the record" no_record "c$number"; done
check "nothing is queued" queue_empty
damage_and_delete() {   # as the runtime does while the agent is away
  : >"$(record c4)"
  cni n1 DEL c4
}
again damage_and_delete
check "DEL of a damaged record with the agent away: it is gone" until_true 20 "the record" no_record c4
check "DEL of a damaged record with the agent away: the queue is empty" until_true 20 "the queue" queue_empty

check "strangers' links are as they were" diff <(echo "$strangers") \
  <(in_machine n1 bash -c 'for link in ichost ichthys0 ich0123456789aB ichdeadbeef; do ip -br address show dev $link; done')
check "strangers' links are nobody's pods" expect "links" "" "$(http n1 '/tables/pod_links?format=json' | jq -r '.[].key' | grep -E 'ichost|ichthys0|aB$|deadbeef' || true)"

second --run-dir /run/second
check "one state directory: the second agent stands by" stands_by "$state"
second_end
second --run-dir /run/second --state-dir /var/lib/second
check "one BPF root: the second agent stands by" stands_by /sys/fs/bpf/ichor
agent_kill n1
check "it takes over when the first has ended" until_true 10 "the takeover" second_says "on node n1: READY"
second_end
agent_start n1
wait_ready n1

sandboxes=$(pods_there)
without_mask() {   # as some service managers start what they run
  in_machine n1 rm -rf "$state" /run/ichor /etc/cni/net.d/05-ichor.conflist
}
umask 0
again without_mask
umask 022
cni n1 DEL nobody
check "nothing is everybody's to write, whoever starts the agent" expect "writable by others" "" "$(writable_by_others)"
check "each pod is still known" pods_are "$sandboxes"

for pod in c5 c7; do in_machine n1 ip netns delete "$pod"; done
check "those whose namespace went without a DEL end by themselves" until_true 90 "two sandboxes to end" pods_are $((sandboxes - 2))
check "so do their records" no_record c7
