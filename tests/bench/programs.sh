#!/usr/bin/env bash
# What a packet and a socket call cost in ichor's programs on a node with two pods, a peer and 10,000 Services, in units of one hot hash
# lookup (H) of the same round.
source "$(dirname "$0")/../netns/lab.sh"
for part in checks pods objects agents; do source "$netns_tests/$part.sh"; done
source "$repository/tests/bench/rows.sh"
service4() { echo "10.97.0.$1"; }   # beside the many

need_product
lab_start
rmdir "$lab/manifests"
"$repository/tests/bench/generate.py" "$lab/manifests" list "${BENCH_SERVICES:-10000}"
for n in n1 n2; do node_object "$n"; done
rm -f "$lab/manifests/nodes.json"
node n1
agent_start n1
until_true 120 "n1 to be ready" agent_ready n1
pod n1 a; pod n1 b
pod n1 caller   # by packets: what is sent to such a pod is looked at once more, and the others shall not pay for it
service web 10
jq '.spec.type = "NodePort" | .spec.ports[].nodePort = 30080' "$lab/manifests/service-web.json" | put_object service-web
endpoints web 8080 b
service far 11
jq '.spec.type = "NodePort" | .spec.ports[].nodePort = 30081' "$lab/manifests/service-far.json" | put_object service-far
endpoints far 8080
jq --arg ip $pods4.2.7 '.endpoints = [{addresses: [$ip], conditions: {ready: true}, nodeName: "n2"}]' "$lab/manifests/slice-far-4.json" | put_object slice-far-4
jq --arg ip $pods6:2::7 '.endpoints = [{addresses: [$ip], conditions: {ready: true}, nodeName: "n2"}]' "$lab/manifests/slice-far-6.json" | put_object slice-far-6
until_true 10 "web on n1" eval "ask n1 $(service4 10) 80 --timeout 500; ((\$? == 2))"

link_of() { jq -r '[.interfaces[] | select(.sandbox == null or .sandbox == "")][0].name' "$lab/n1/$1.json"; }
mac_in() { in_machine n1 ip netns exec "$1" cat /sys/class/net/eth0/address; }
pins=/proc/$(<"$lab/n1/pid")/root/sys/fs/bpf/ichor/programs
pins=$(find "$pins" -mindepth 1 -maxdepth 1 -type d)
redirect=7 next=$((2 ** 32 - 1)) to_stack=0   # TC_ACT_REDIRECT, TCX_NEXT, TC_ACT_OK
end() { jq -cn --arg ip "$1" --arg mac "${2:-02:00:00:00:00:01}" --argjson port "${3:-null}" '{$ip, $mac} + if $port then {$port} else {} end'; }
host_mac=$(in_machine n1 cat "/sys/class/net/$(link_of a)/address") eth_mac=$(in_machine n1 cat /sys/class/net/eth0/address)

cases=() goals=()
one_flow() {   # NAME GOAL PROGRAM ATTACH DEVICE FROM TO VERDICT [FLOWS]
  cases+=("$(jq -cn --arg name "$1" --arg pin "$pins/$3" --arg attach "$4" --arg device "$5" --argjson from "$6" --argjson to "$7" \
    --argjson verdict "$8" --argjson flows "${9:-1}" '{$name, $pin, $attach, $device, $from, $to, $verdict, $flows}')")
  goals+=("$1=$2")
}
packets() {   # as one_flow, and 65,536 of them
  one_flow "$@"
  one_flow "$1, 64k flows" null "${@:3}" 65536
}
fresh() {   # as one_flow: 4,096 packets of which each opens a flow
  one_flow "$@" 4096
  cases[-1]=$(jq -c --arg maps "${pins%/programs/*}/maps" '.fresh = $maps' <<<"${cases[-1]}")
}
call() {   # NAME GOAL CALL TARGET REFERENCE
  cases+=("$(jq -cn --arg name "$1" --arg call "$3" --arg target "$4" --arg reference "$5" '{$name, $call, $target, $reference}')")
  goals+=("$1=$2")
}

for family in 4 6; do
  pod=$(address a $family) other=$(address b $family) peer=$(address n2 $family) own=$(address n1 $family)
  remote=$pods4.2.7
  [[ $family == 4 ]] || remote=$pods6:2::7
  wire=$(end "$peer") # a MAC address of no matter
  to_node=$(end "$own" "$eth_mac")
  packets "uplink to pod, IPv$family" 4.0 uplink_ingress tcx_ingress eth0 "$wire" "$(end "$pod" "$eth_mac")" $redirect
  packets "uplink, not for a pod, IPv$family" 1.5 uplink_ingress tcx_ingress eth0 "$wire" "$to_node" $next
  outside=$net4.200
  [[ $family == 4 ]] || outside=$net6:200
  one_flow "NodePort to a pod here, IPv$family" 7 uplink_ingress tcx_ingress eth0 "$(end "$outside")" "$(end "$own" "$eth_mac" 30080)" $redirect
  one_flow "NodePort to a pod elsewhere, arriving, IPv$family" null uplink_ingress tcx_ingress eth0 "$(end "$outside")" "$(end "$own" "$eth_mac" 30081)" $next
  one_flow "NodePort to a pod elsewhere, leaving, IPv$family" null uplink_egress tcx_egress eth0 "$(end "$outside" "$eth_mac")" "$(end "$remote" "" 8080)" $next
  fresh "NodePort to a pod here, SYN, IPv$family" 35 uplink_ingress tcx_ingress eth0 "$(end "$outside")" "$(end "$own" "$eth_mac" 30080)" $redirect
  fresh "NodePort to a pod elsewhere, SYN arriving, IPv$family" 35 uplink_ingress tcx_ingress eth0 "$(end "$outside")" "$(end "$own" "$eth_mac" 30081)" $next
  fresh "masquerade, SYN, IPv$family" 32 uplink_egress tcx_egress eth0 "$(end "$pod" "$eth_mac")" "$(end "$outside")" $next
  one_flow "masquerade, IPv$family" 4 uplink_egress tcx_egress eth0 "$(end "$pod" "$eth_mac")" "$(end "$outside")" $next
  from=$(end "$pod" "$(mac_in a)")
  service=$(service$family 10)
  caller=$(end "$(address caller $family)" "$(mac_in caller)") caller_mac=$(in_machine n1 cat "/sys/class/net/$(link_of caller)/address")
  one_flow "pod to ClusterIP by packets, IPv$family" 7 pod_egress tc "$(link_of caller)" "$caller" "$(end "$service" "$caller_mac" 80)" $redirect
  fresh "pod to ClusterIP by packets, SYN, IPv$family" 35 pod_egress tc "$(link_of caller)" "$caller" "$(end "$service" "$caller_mac" 80)" $redirect
  packets "pod to peer, IPv$family" 3 pod_egress tc "$(link_of a)" "$from" "$(end "$remote" "$host_mac")" $to_stack
  packets "pod to pod on the node, IPv$family" null pod_egress tc "$(link_of a)" "$from" "$(end "$other" "$host_mac")" $redirect
  packets "stack to pod, IPv$family" null pod_ingress tc "$(link_of a)" "$(end "$own" "$host_mac")" "$(end "$pod" "$(mac_in a)")" $to_stack
done
backend=$(address b 4):8080
call "connect4, no Service" null connect "$backend" "$backend"
call "connect4, no Service, a port of the NodePort range" null connect "${backend%:*}:30081" "$backend"
call "connect4, NodePort" null connect "$(node4 n1):30080" "$backend"
call "connect4, ClusterIP" 5 connect "$(service4 10):80" "$backend"
call "sendmsg4, no Service" null sendto "$backend" "$backend"
call "sendmsg4, ClusterIP" null sendto "$(service4 10):80" "$backend"
call "getpeername4, no Service" null getpeername "$backend" "$backend"
call "getpeername4, ClusterIP" null getpeername "$(service4 10):80" "$backend"

mkdir "$lab_group/empty" "$lab_group/n1/pods/bench"
runs=$(printf '%s\n' "${cases[@]}" | jq -s . |
  nsenter --target "$(<"$lab/n1/pid")" --net "$binaries/bench_programs" "$lab_group/empty" "$lab_group/n1/pods/bench")
row "floor: shim and an empty program" ns null "$(jq -c .floor <<<"$runs")"
row "H: one hot hash lookup" ns null "$(jq -c .lookup <<<"$runs")"
for pair in "${goals[@]}"; do row "${pair%=*}" H "${pair##*=}" "$(jq -c --arg name "${pair%=*}" '.[$name]' <<<"$runs")"; done
