#!/usr/bin/env bash
# Forwarding is switched on where it is off, and a default route learned from router advertisements outlives that.
source "$(dirname "$0")/lab.sh"
for part in checks pods objects agents; do source "$netns_tests/$part.sh"; done

advertise() {   # one router advertisement from the switch
  in_machine lan python3 - <<'P'
import socket, struct
with socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6) as raw:
    raw.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
    raw.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, socket.if_nametoindex("br0"))
    raw.sendto(struct.pack("!BBHBBHII", 134, 0, 0, 64, 0, 1800, 0, 0), ("ff02::1", 0))
P
}

learned() { in_machine n1 ip -6 route show default proto ra | grep via >/dev/null || { advertise; return 1; }; }
setting() { in_machine n1 sysctl -n "$1"; }
lists() { http n1 '/status?format=json' | grep "$1" >/dev/null; }

need_product
lab_start
node n1
node_object n1
in_machine n1 ip -6 route del default
until_true 15 "a learned default route" learned
check "the node starts with IPv4 forwarding off" expect ip_forward 0 "$(setting net.ipv4.ip_forward)"
check "the node starts with IPv6 forwarding off" expect forwarding 0 "$(setting net.ipv6.conf.all.forwarding)"
agent_start n1
wait_ready n1
check "IPv4 forwarding is on" expect ip_forward 1 "$(setting net.ipv4.ip_forward)"
check "IPv6 forwarding is on" expect forwarding 1 "$(setting net.ipv6.conf.all.forwarding)"
check "accept_ra of the uplink is 2" expect accept_ra 2 "$(setting net.ipv6.conf.eth0.accept_ra)"
check "the learned default route is still there" in_machine n1 bash -c 'ip -6 route show default proto ra | grep via'
in_machine n1 ip -6 route del default
until_true 15 "a default route learned as a router" learned
check "a router goes on learning" learned
check "status lists ip_forward" lists ip_forward
check "status lists accept_ra" lists accept_ra
