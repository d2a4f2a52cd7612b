# Sourced after objects.sh: the yardstick, plain kernel routing with Debian's ptp and host-local plugins in place of ichor.

reference_up() {   # nN...
  local node other
  for node in "$@"; do
    node "$node"
    in_machine "$node" bash -euc "
      sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
      cat >/etc/cni/net.d/10-reference.conflist" <<J
{"cniVersion": "1.0.0", "name": "reference", "plugins": [
  {"type": "ptp", "ipam": {"type": "host-local", "dataDir": "/run/host-local",
   "ranges": [[{"subnet": "$(node_range4 "$node")"}], [{"subnet": "$(node_range6 "$node")"}]],
   "routes": [{"dst": "0.0.0.0/0"}, {"dst": "::/0"}]}}]}
J
    for other in "$@"; do
      [[ $other == "$node" ]] && continue
      in_machine "$node" ip route replace "$(node_range4 "$other")" via "$(node4 "$other")"
      in_machine "$node" ip route replace "$(node_range6 "$other")" via "$(node6 "$other")"
    done
  done
}
