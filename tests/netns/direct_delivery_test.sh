#!/usr/bin/env bash
# What goes straight into pods gives way to firewalls: rules on the forward hook that refuse what conntrack calls invalid come and go
# under connections, and none breaks. A VPN's default route in a table of its own makes no uplink.
source "$(dirname "$0")/lab.sh"
for part in checks pods objects agents flows; do source "$netns_tests/$part.sh"; done

delivery() { http n1 '/tables/direct_delivery?format=text'; }
says() { delivery | grep -q "$1"; }
all_direct() { ! says "from pods\|from uplinks"; }
rule() { in_machine n1 "$1" "$2" FORWARD -m conntrack --ctstate INVALID -j DROP; }   # PROGRAM -A|-D
by_stack() { until_true 15 "IPv$1 by the stack" says "IPv$1 from pods.*$2"; }
direct() { until_true 15 "everything directly" all_direct; }

need_product
lab_start
nodes_up n1 n2
in_machine n1 bash -euc '
  ip tuntap add dev vpn0 mode tun
  ip link set vpn0 mtu 1280 up
  ip route add default dev vpn0 table 180
  ip rule add pref 32500 fwmark 0x40/0x60 lookup 180'
pod n1 a; pod n1 b; pod n2 c
for place in a c; do serve "$place"; done
check "a VPN's default route leaves the MTU of new pods alone" expect MTU 1500 "$(in_pod a cat /sys/class/net/eth0/mtu)"
check "and carries no program" expect programs "uplink_ingress@eth0" "$(in_machine n1 ls /sys/fs/bpf/ichor/links | grep uplink)"
check "everything goes directly" direct

# Connection tracking is on from here on, whoever has rules on the forward hook.
in_machine n1 iptables-nft -t nat -A POSTROUTING -s 203.0.113.1 -j MASQUERADE
in_machine n1 ip6tables-nft -t nat -A POSTROUTING -s 2001:db8:113::1 -j MASQUERADE
check "nor does an empty chain matter" direct
mapfile -t on_node < <(targets_of 8080 "$(pod4 a)" "$(pod6 a)")
mapfile -t across < <(targets_of 8080 "$(pod4 c)" "$(pod6 c)")
flows_start node b "${on_node[@]}"
flows_start out b "${across[@]}"
flows_start in c "${on_node[@]}"
for round in 1 2 3; do
  rule iptables-nft -A; rule ip6tables-nft -A
  check "round $round: a rule sends IPv4 by the stack" by_stack 4 "ip filter FORWARD"
  check "round $round: and IPv6" by_stack 6 "ip6 filter FORWARD"
  for family in 4 6; do
    check "round $round: a new connection on the node, IPv$family" ask b "$(address a $family)" 8080
    check "round $round: a new connection from an uplink, IPv$family" ask c "$(address a $family)" 8080
    check "round $round: a new connection out, IPv$family" ask b "$(address c $family)" 8080
  done
  rule iptables-nft -D; rule ip6tables-nft -D
  check "round $round: without it all goes directly" direct
done
flows_stop
check "no connection broke" expect broken "" "$(flows_broken "$lab"/flows-*)"

in_machine n1 iptables-legacy -L -n >/dev/null
rule iptables-legacy -A
check "the older ip_tables count too" by_stack 4 "ip_tables' chain ip filter FORWARD"
check "for their own family" bash -c "! grep -q IPv6 <<<'$(delivery)'"
rule iptables-legacy -D
check "and when they are empty again, no more" direct
in_machine n1 sysctl -qw net.ipv4.conf.eth0.rp_filter=1
strict() { says "IPv4 from uplinks: rp_filter of eth0 is strict"; }
check "a strict reverse path filter is left to the stack" until_true 10 rp_filter strict
check "whose pods are reached" ask c "$(pod4 a)" 8080
