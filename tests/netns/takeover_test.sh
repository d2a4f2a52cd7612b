#!/usr/bin/env bash
# ichor takes over from kube-proxy on nodes that serve: a real kube-proxy in each of its modes, pods of another network, flows through
# ClusterIPs, NodePorts and a balancer's address to backends here and elsewhere. Agents start; nothing breaks, and what is new is ichor's.
# So it is with a Service that kube-proxy has known for longer, and pods of ichor's. Then the rules go, and what ichor opened stays. In the
# end kube-proxy takes over again.
# usage: takeover_test.sh [MODE]     without: all modes, each in a laboratory of its own
source "$(dirname "$0")/lab.sh"
for part in checks pods objects agents flows reference kube_proxy; do source "$netns_tests/$part.sh"; done
if (($# == 0)); then
  for mode in "${kube_proxy_modes[@]}"; do
    if [[ -x $kube_proxy ]]; then "$0" "$mode"; else skip "takeover from kube-proxy, mode $mode" "needs kube-proxy: hack/deps cluster"; fi
  done
  exit
fi

mode=$1 vip4=203.0.113.5 vip6=2001:db8:5::5
publish() {   # NAME NODEPORT [VIP4 VIP6]
  jq --argjson port "$2" --arg vip4 "${3:-}" --arg vip6 "${4:-}" '.spec.type = "LoadBalancer" | .spec.ports[].nodePort = $port
      | if $vip4 == "" then . else .status.loadBalancer.ingress = [{ip: $vip4}, {ip: $vip6}] end' "$objects/service-$1.json" |
    put_object "service-$1"
}
to_ichor() { local file; for file; do objects=$lab/manifests put_object "$file" <"$lab/proxied/$file.json"; done; }

several() { local i; for i in 1 2 3; do targets_of "$@"; done; }   # so that both backends have some of each kind
fronts() { several "$1" "$(node4 n1)" "$(node6 n1)" "$(node4 n2)" "$(node6 n2)"; }
cluster() { several 80 "$(service4 "$1")" "$(service6 "$1")"; }
flows() { flows_start "$1" "$2" --interval 100 "${@:3}"; }
unbroken() {   # TAG...   A datagram may be lost by the way, as one may on any machine that is too busy for its backlog.
  local tag
  for tag; do
    expect "flows of $tag that broke" "" "$(flows_broken "$lab/flows-$tag")" || return 1
    expect "numbers lost by $tag" "" "$(jq -rs 'map(select(.flow and (.lost_numbers | length) > 1) | "\(.flow) \(.lost_numbers) of \(.sent)") | join(", ")' "$lab/flows-$tag")" || return 1
  done
}
serves() { ask "$@" && ask "$@" --udp; }   # PLACE ADDRESS PORT
served() { until_true 20 "$2 port $3 to be served" serves "$@"; }
of_client() { http "$1" "/tables/connections?format=json&limit=1000&address=$net4.200" | jq length; }
by_ichor() {   # NODE ADDRESS PORT: a new connection leaves a flow
  local before
  before=$(of_client "$1")
  ask client "$2" "$3"
  (($(of_client "$1") > before)) || { echo "flows before and after: $before"; return 1; }
}
problem() { http n1 /status | grep "kube-proxy: its rules are in the kernel"; }
names_rules() { problem | grep "ip $mode, ip6 $mode)" >/dev/null; }
no_problem() { ! problem >/dev/null; }
by_stack() { http n1 "/tables/direct_delivery?format=json" | jq '.[0].by_stack | length'; }
nothing_by_stack() { [[ $(by_stack) == 0 ]]; }
gone_back() {   # NODE: ichor goes, as machineconfig/README.md says
  agent_kill "$1"
  in_machine "$1" bash -euc 'rm -r /sys/fs/bpf/ichor
    for link in $(ip -br link | grep -o "^ich[0-9a-f]*"); do tc qdisc delete dev $link clsact; done'
}
by_kube_proxy() {   # new connections by all fronts, of which no flow of ichor's can be
  local address
  for address in "$(node4 n1)" "$(node6 n2)"; do serves client "$address" 30080 && serves client "$address" 30081 || return 1; done
  serves b "$(service4 10)" 80 && serves e "$(service6 11)" 80 && serves n1 "$(service4 11)" 80
}
rules() { in_machine n1 "$(iptables_of "$mode")/iptables-save"; in_machine n1 nft list ruleset; }
counted_rules() { rules 2>/dev/null | grep -c default/web || true; }

need_product
lab_start
reference_up n1 n2
client
on client ip route add $vip4 via "$(node4 n1)"
on client ip -6 route add $vip6 via "$(node6 n1)"
objects=$lab/proxied
proxied_objects
pod n1 a; pod n1 b; pod n2 c
for place in a c; do serve "$place"; done
for n in n1 n2; do node_object $n; done
service web 10; publish web 30080 $vip4 $vip6; endpoints web 8080 a c
for n in n1 n2; do kube_proxy_start $n "$mode"; done
for address in "$(node4 n1)" "$(node6 n1)" "$(node4 n2)" "$(node6 n2)"; do served client "$address" 30080; done
served client $vip4 80; served client $vip6 80
flows outside client $(fronts 30080) $(several 80 $vip4 $vip6)
flows pod b $(cluster 10)
flows node n1 $(cluster 10)
to_ichor node-n1 node-n2 slice-web-4 slice-web-6 service-web
before=$(counted_rules)
for n in n1 n2; do agent_start $n; done

check "$mode: agents start where kube-proxy serves" wait_ready n1 n2
check "$mode: /status names its rules" until_true 10 "the problem" names_rules
check "$mode: pods' packets take the stack, both families" expect "ways" 4 "$(by_stack)"
check "$mode: what it had opened is not ichor's" expect "flows" "0 0" "$(of_client n1) $(of_client n2)"
check "$mode: what is new by a NodePort is" by_ichor n1 "$(node4 n1)" 30080
check "$mode: and by the balancer's address" by_ichor n1 $vip4 80
flows outside-anew client $(fronts 30080) $(several 80 $vip4 $vip6)
flows pod-anew b $(cluster 10)

pod n1 d; pod n1 e; pod n2 f
for place in d f; do serve "$place"; done
service late 11; publish late 30081; endpoints late 8080 d f
for address in "$(node4 n1)" "$(node6 n1)" "$(node4 n2)" "$(node6 n2)"; do served client "$address" 30081; done
for place in e d n1; do served "$place" "$(service4 11)" 80; served "$place" "$(service6 11)" 80; done
flows late-outside client $(fronts 30081)
flows late-pod e $(cluster 11)
flows late-itself d $(cluster 11)
flows late-node n1 $(cluster 11)
to_ichor slice-late-4 slice-late-6 service-late
check "$mode: a Service that only kube-proxy had is ichor's" until_true 20 "a flow of ichor's" by_ichor n1 "$(node4 n1)" 30081
flows late-anew client $(fronts 30081)
flows late-pod-anew e $(cluster 11)
check "$mode: kube-proxy's rules are as they were" expect "rules for the first Service" "$before" "$(counted_rules)"
flows_stop outside pod node late-outside late-pod late-itself late-node
check "$mode: nothing that kube-proxy had opened broke" unbroken outside pod node late-outside late-pod late-itself late-node

for n in n1 n2; do kube_proxy_stop $n; kube_proxy_cleanup $n "$mode"; done
check "$mode: its rules are gone" expect "rules" 0 "$(counted_rules)"
check "$mode: and so is the problem" until_true 30 "its end" no_problem
check "$mode: everything goes directly again" until_true 30 "the short way" nothing_by_stack
check "$mode: ichor serves alone" eval 'served client "$(node4 n1)" 30080 && served client "$(node6 n2)" 30081 && served b "$(service4 11)" 80'
flows_stop
check "$mode: nothing that ichor has opened broke" unbroken outside-anew pod-anew late-anew late-pod-anew

# The way back.
flows back e $(printf 'tcp:%s ' "$(target "$(service4 11)" 80)" "$(target "$(service6 11)" 80)")
for n in n1 n2; do kube_proxy_start $n "$mode"; done
check "$mode: kube-proxy's rules are there again" until_true 30 "the problem" names_rules
for n in n1 n2; do gone_back $n; done
check "$mode: without ichor kube-proxy serves" until_true 20 "kube-proxy" by_kube_proxy
flows_stop
check "$mode: what sockets had opened goes on" unbroken back
