#!/usr/bin/env bash
# What goes straight into pods gives way to firewalls: rules on the forward hook that refuse what conntrack calls invalid come and go
# under connections, and none breaks. What goes past the stack is judged as the stack would. A default route that flaps takes no program
# away, and a VPN's, in a table of its own or on a link without Ethernet header, brings none.
source "$(dirname "$0")/lab.sh"
for part in checks pods objects agents flows; do source "$netns_tests/$part.sh"; done

table() { http n1 "/tables/$1?format=text"; }
says() { table direct_delivery | grep "$1" >/dev/null; }
all_direct() { ! says "from pods\|from uplinks"; }
rule() { in_machine n1 "$1" "$2" FORWARD -m conntrack --ctstate INVALID -j DROP; }   # PROGRAM -A|-D
by_stack() { until_true 15 "IPv$1 by the stack" says "IPv$1 from pods.*$2"; }
direct() { until_true 15 "everything directly" all_direct; }
uplink_programs() { in_machine n1 ls /sys/fs/bpf/ichor/links | sed -n 's/^uplink_ingress@//p' | tr '\n' ' '; }
attachment() { in_machine n1 stat -c %i "/sys/fs/bpf/ichor/links/uplink_ingress@$1"; }   # differs once it was detached
counted() { http n1 '/status?format=json' | jq -e --arg reason "$1" '.drops[] | select(.reason == $reason).count'; }

# forge SOURCE DESTINATION: from n2, a UDP packet with a source that is not its own.
forge() {
  in_machine n2 /usr/bin/python3 -c '
import ipaddress, socket, struct, sys
source, destination = (ipaddress.ip_address(text) for text in sys.argv[1:])
udp = struct.pack("!HHHH", 5353, 8080, 12, 0) + b"ping"
if source.version == 4:
    header = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0)
else:
    header = struct.pack("!IHBB", 6 << 28, len(udp), 17, 64)
family = socket.AF_INET if source.version == 4 else socket.AF_INET6
wire = socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_RAW)
wire.sendto(header + source.packed + destination.packed + udp, (str(destination), 0))' "$@"
}
has_counted_more() { (($(counted "$1") > $2)); }   # REASON THAN
drops() {   # REASON SOURCE DESTINATION
  local before
  before=$(counted "$1")
  forge "$2" "$3"
  until_true 5 "$1 to be counted" has_counted_more "$1" "$before"
}

need_product
lab_start
nodes_up n1 n2
client
in_machine n1 bash -euc '
  ip tuntap add dev vpn0 mode tun
  ip link set vpn0 mtu 1280 up
  ip route add default dev vpn0 table 180
  ip rule add pref 32500 fwmark 0x40/0x60 lookup 180
  ip tuntap add dev tun0 mode tun
  ip link set tun0 up
  ip route add default dev tun0 metric 5000
  ip link add wan0 type veth peer name wan1
  ip link set wan1 up
  ip link set wan0 up
  ip route add default dev wan0 metric 6000'
in_machine client bash -euc "ip route add $(node_range4 n1) via $(node4 n1); ip -6 route add $(node_range6 n1) via $(node6 n1)"

has_program() { grep -qw "$1" <<<"$(uplink_programs)"; }
check "a link with a default route gets a program" until_true 10 program has_program wan0
pod n1 a; pod n1 b; pod n2 c
for place in a c; do serve "$place"; done
check "a VPN's default route leaves the MTU of new pods alone" expect MTU 1500 "$(in_pod a cat /sys/class/net/eth0/mtu)"
check "neither it nor a link without Ethernet header carries a program" expect programs "eth0 wan0 " "$(uplink_programs)"
check "everything goes directly" direct

# Default routes that flap.
lost() { table lost_default_routes | grep wan0 >/dev/null; }
not_lost() { ! lost; }
before=$(attachment wan0)
for round in 1 2 3 4 5; do
  in_machine n1 ip route del default dev wan0
  check "flap $round: the loss is seen" until_true 10 lost lost
  in_machine n1 ip route add default dev wan0 metric 6000
  check "flap $round: and its end" until_true 10 end not_lost
done
check "no program went meanwhile" expect attachment "$before" "$(attachment wan0)"

# Sources that nobody outside can have.
check "this node's own address comes from outside" drops own_source "$(node4 n1)" "$(pod4 a)"
check "so does its IPv6 address" drops own_source "$(node6 n1)" "$(pod6 a)"
check "so does a pod's" drops own_source "$(pod4 b)" "$(pod4 a)"
in_machine n1 bash -euc 'ip address add 203.0.113.77/32 dev lo; ip address add 2001:db8:113::77/128 dev lo'
check "an address is added" until_true 5 address says 203.0.113.77
check "and comes from outside" drops own_source 203.0.113.77 "$(pod4 a)"
check "so does the IPv6 one" drops own_source 2001:db8:113::77 "$(pod6 a)"
check "loopback comes from outside" drops martian_source 127.0.0.1 "$(pod4 a)"
check "link-local comes from outside" drops martian_source fe80::1 "$(pod6 a)"
says_why() { http n1 /status | grep "own_source [0-9]*: from outside came" >/dev/null; }
check "with a name and a remedy in /status" says_why

# Connection tracking is on from here on, whoever has rules on the forward hook.
in_machine n1 iptables-nft -t nat -A POSTROUTING -s 203.0.113.1 -j MASQUERADE
in_machine n1 ip6tables-nft -t nat -A POSTROUTING -s 2001:db8:113::1 -j MASQUERADE
in_machine n1 nft add table bridge other '{ chain forward { type filter hook forward priority 0; policy drop; }; }'
check "neither an empty chain nor another family's matters" direct
mapfile -t on_node < <(targets_of 8080 "$(pod4 a)" "$(pod6 a)")
mapfile -t across < <(targets_of 8080 "$(pod4 c)" "$(pod6 c)")
flows_start node b "${on_node[@]}"
flows_start out b "${across[@]}"
flows_start in c "${on_node[@]}"
flows_start outside client "${on_node[@]}"
connections() {   # ROUND
  local family
  for family in 4 6; do
    check "$1: a new connection on the node, IPv$family" ask b "$(address a $family)" 8080
    check "$1: a new connection from a peer, IPv$family" ask c "$(address a $family)" 8080
    check "$1: a new connection from outside, IPv$family" ask client "$(address a $family)" 8080
    check "$1: a new connection out, IPv$family" ask b "$(address c $family)" 8080
  done
}
for round in 1 2 3; do
  rule iptables-nft -A; rule ip6tables-nft -A
  check "round $round: a rule sends IPv4 by the stack" by_stack 4 "ip filter FORWARD"
  check "round $round: and IPv6" by_stack 6 "ip6 filter FORWARD"
  connections "round $round"
  rule iptables-nft -D; rule ip6tables-nft -D
  check "round $round: without it all goes directly" direct
  connections "round $round, directly"
done
in_machine n1 nft add table inet proxy '{ chain judge { type filter hook forward priority 0; ct state invalid drop; }; }'
check "nftables' own chain counts for IPv4" by_stack 4 "inet proxy judge"
check "and IPv6" by_stack 6 "inet proxy judge"
connections "inet"
in_machine n1 nft delete table inet proxy
check "when its table goes all goes directly" direct
flows_stop
check "no connection broke" expect broken "" "$(flows_broken "$lab"/flows-*)"

in_machine n1 iptables-legacy -L -n >/dev/null
rule iptables-legacy -A
check "the older ip_tables count too" by_stack 4 "ip_tables' chain ip filter FORWARD"
check "for their own family" expect "ways of IPv6" 0 "$(table direct_delivery | grep -c 'IPv6 from' || true)"
connections "legacy"
rule iptables-legacy -D
check "and when they are empty again, no more" direct

# What the rule does to packets that go directly, since nobody is there to see it; and a start that finds it.
agent_kill n1
rule iptables-nft -A
times_out() { local code=0; ask c "$(pod4 a)" 8080 --timeout 1000 || code=$?; expect "code of ask" 3 "$code"; }
check "without the agent the rule ends connections" times_out
agent_start n1
wait_ready n1
check "a start finds the rule" by_stack 4 "ip filter FORWARD"
check "and connections go on" ask c "$(pod4 a)" 8080
rule iptables-nft -D
check "until it goes again" direct

for value in 1 0 1 2 1 0 1; do in_machine n1 sysctl -qw net.ipv4.conf.eth0.rp_filter="$value"; done
strict() { says "IPv4 from uplinks: rp_filter of eth0 is strict"; }
check "a strict reverse path filter is left to the stack" until_true 10 rp_filter strict
check "whose pods are reached" ask c "$(pod4 a)" 8080
in_machine n1 sysctl -qw net.ipv4.conf.eth0.rp_filter=0
check "and when it is off, no more" direct
in_machine n1 sysctl -qw net.ipv4.conf.all.rp_filter=1
check "that of all counts too" until_true 10 rp_filter strict
