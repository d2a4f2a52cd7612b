# Sourced by what needs nodes: makes machines (network, mount, pid, uts, ipc and cgroup namespaces) around one switch, and takes all of
# it away on every way out. Everything of a run lies in one temporary directory and one control group, and nothing has a global name,
# so that runs do not meet. Call lab_start first; then machine, node and in_machine.
set -euo pipefail
shopt -s inherit_errexit

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
netns_tests=$repository/tests/netns
binaries=${ICHOR_BINARIES:-$repository/build/release/bin}
traffic=${ICHOR_TRAFFIC:-$binaries/ichor-traffic}
net4=192.168.42 net6=fd00:42:
pods4=10.42 pods6=fd00:10:42
lab=
lab_group=
lab_machines=()   # process ids

node4() { echo "$net4.$((10 + ${1#n}))"; }
node6() { echo "$net6:$((10 + ${1#n}))"; }
node_range4() { echo "$pods4.${1#n}.0/24"; }
node_range6() { echo "$pods6:${1#n}::/64"; }

say() { printf '%s\n' "$*" >&2; }
die() { say "error: $*"; exit 1; }

# until_true SECONDS WHAT COMMAND...: tries again and again; what it waits for is a state, never a time.
until_true() {
  local end=$((SECONDS + $1)) what=$2
  shift 2
  until "$@" >/dev/null 2>&1; do
    ((SECONDS < end)) || { say "gave up waiting for $what"; return 1; }
    sleep 0.02
  done
}

lab_start() {
  ((EUID == 0)) || die "the node laboratory needs root: namespaces, BPF and control groups"
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
  trap lab_stop EXIT
  local directory
  directory=$(mktemp -d "${TMPDIR:-/tmp}/ichor-lab.XXXXXX")
  lab_open "$directory"
}

# lab_find DIRECTORY: the laboratory that is, or will be, in this directory.
lab_find() {
  lab=$1
  lab_group=$lab/cgroup/$(basename "$lab")
}

# lab_open DIRECTORY: begins a laboratory there, which stays until lab_close.
lab_open() {
  lab_find "$1"
  mkdir "$lab"/{cgroup,logs,manifests}
  # A view of our own: where the host has it differs, or is read-only.
  mount -t cgroup2 cgroup2 "$lab/cgroup" || die "no cgroup2 here"
  mkdir "$lab_group" || die "cannot make control groups: $lab_group"
  lab_switch
}

# Runs on every way out. Each step is tried, whatever became of the one before.
lab_stop() {
  local code=$?
  trap '' INT TERM HUP
  trap - EXIT
  set +e
  [[ -n $lab ]] || exit "$code"
  if ((code != 0)) && [[ -n ${LAB_KEEP_LOGS:-} ]]; then cp -r "$lab/logs" "$LAB_KEEP_LOGS"; fi
  lab_close
  exit "$code"
}

lab_close() {
  lab_remove_group
  umount "$lab/cgroup" 2>/dev/null || umount --lazy "$lab/cgroup"
  rm -rf --one-file-system "$lab"
}

# Ends all processes of the run, and only those: each machine's and pod's is in this group.
lab_remove_group() {
  local try pid pids
  [[ -d $lab_group ]] || return 0
  pids=$(find "$lab_group" -name cgroup.procs -exec cat {} +)
  echo 1 >"$lab_group/cgroup.kill"
  { wait "${lab_machines[@]}"; } 2>/dev/null
  # Their namespaces end after them: whoever looks next shall find nothing.
  for pid in $pids; do
    for try in {1..500}; do
      [[ -e /proc/$pid ]] || break
      sleep 0.02
    done
  done
  for try in {1..500}; do
    find "$lab_group" -depth -type d -exec rmdir {} + 2>/dev/null && return 0
    sleep 0.02
  done
  say "left behind: control group $(basename "$lab_group")"
}

# What a run with this directory left on the machine, a line each: empty when all is well.
lab_leftovers() {
  local directory=$1 name
  name=$(basename "$directory")
  [[ ! -e $directory ]] || echo "directory $directory"
  grep -F "$directory" /proc/self/mounts | sed 's/^/mount /' || true
  grep -lF "/$name/" /proc/[0-9]*/cgroup 2>/dev/null | sed 's/^/process /' || true
  local root
  for root in $(awk '$3 == "cgroup2" {print $2}' /proc/self/mounts); do
    [[ ! -d $root/$name ]] || echo "control group $root/$name"
  done
}

# machine NAME: namespaces and process 1.
machine() {
  local name=$1 own=$lab/$1
  mkdir "$own" "$lab_group/$name"
  (
    trap - EXIT INT TERM HUP
    echo 0 >"$lab_group/$name/cgroup.procs"   # before the cgroup namespace: this becomes its root
    exec setsid unshare --net --mount --uts --ipc --pid --cgroup --fork --kill-child \
      "$netns_tests/machine" "$own" </dev/null >"$lab/logs/$name.machine" 2>&1
  ) &
  local parent=$!
  lab_machines+=("$parent")
  until [[ -e $own/started ]]; do
    kill -0 "$parent" 2>/dev/null || die "machine $name: $(tail -1 "$lab/logs/$name.machine")"
    sleep 0.01
  done
  echo "$(<"/proc/$parent/task/$parent/children")" | tr -d ' ' >"$own/pid"
  in_machine "$name" ip link set lo up
}

# in_machine NAME COMMAND...: runs there, in the control group of the machine's own processes.
in_machine() {
  local name=$1 pid
  shift
  pid=$(<"$lab/$name/pid")
  (
    trap - EXIT INT TERM HUP
    echo 0 >"$lab_group/$name/host/cgroup.procs"
    exec nsenter --target "$pid" --net --mount --uts --ipc --pid --cgroup -- "$@"
  )
}

# The switch: a bridge alone in its machine, which is also the default gateway.
lab_switch() {
  machine lan
  printf '%s\n' '__attribute__((section("xdp"), used)) int pass(void *frame) { return 2; }' |
    clang-19 -target bpf -O2 -g -c -x c - -o "$lab/pass.o"
  in_machine lan bash -euc '
    ip link add br0 type bridge stp_state 0 forward_delay 0 mcast_snooping 0
    ip address add '"$net4"'.1/24 dev br0
    ip address add '"$net6"':1/64 dev br0 nodad
    ip link set br0 up'
}

# plug NAME IPV4 IPV6: eth0 on the switch. No duplicate address detection: for its first second a link asks for no neighbour on behalf
# of forwarded packets, which a node that runs has long behind it. As on a real wire: checksums filled in, no frame above the MTU. Frames
# that XDP_TX sends arrive only where the other end has an XDP program. Without "flood off" others would get a lost node's frames, and no
# outage would show. And as with a network card, a queue stands before the link: a veth without one drops what its ring of 256 cannot hold,
and a bulk transfer would cost other flows packets (Linux 6.16 stops the queue instead).
plug() {
  local name=$1 address4=$2 address6=$3
  nsenter --target "$(<"$lab/lan/pid")" --net ip link add "port-$name" type veth peer name eth0 netns "$(<"$lab/$name/pid")"
  in_machine lan bash -euc "
    ip link set port-$name master br0 up
    ip link set port-$name xdpdrv obj $lab/pass.o sec xdp
    bridge link set dev port-$name flood off"
  in_machine "$name" bash -euc "
    sysctl -qw net.ipv4.ip_forward=0 net.ipv6.conf.all.forwarding=0 net.ipv6.conf.eth0.accept_ra=1 net.ipv6.conf.eth0.accept_dad=0
    ethtool -K eth0 tx off tso off gso off >/dev/null
    tc qdisc replace dev eth0 root pfifo
    ip link set eth0 up
    ip address add $address4/24 dev eth0
    ip address add $address6/64 dev eth0 nodad
    ip route add default via $net4.1
    ip -6 route add default via $net6:1"
}

# node nN: a machine that will be a node: forwarding off, no route but the switch's.
node() {
  machine "$1"
  plug "$1" "$(node4 "$1")" "$(node6 "$1")"
}

# The outside client: routes to nothing but the wire.
client() {
  machine client
  plug client "$net4.200" "$net6:200"
}
