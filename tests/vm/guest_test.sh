#!/usr/bin/env bash
# What the other tests here rely on: commands, files and boots of a guest, two guests on one segment, and nothing that stays.
source "$(dirname "$0")/guest.sh"
source "$netns_tests/checks.sh"
kernel=6.12-amd64

passes_through() {
  local output code=0
  output=$(guest_run n1 'cat; echo "in the guest" >&2; exit 3' <<<"it's \$HOME" 2>"$lab/errors") || code=$?
  expect "exit code" 3 "$code"
  expect "output" "it's \$HOME" "$output"
  expect "errors" "in the guest" "$(<"$lab/errors")"
  head -c 2000000 /dev/urandom >"$lab/bytes"
  guest_run n1 cat <"$lab/bytes" | cmp - "$lab/bytes"
  guest_run n1 true <"$lab/bytes"
}

two_commands() {
  guest_run n1 'mkfifo /run/meet && read -r word </run/meet && echo "$word"' </dev/null >"$lab/heard" &
  local job=$!
  until_true 10 "the first command to wait" guest_run n1 'test -p /run/meet' </dev/null
  guest_run n1 'echo met >/run/meet' </dev/null
  wait "$job"
  expect "what the first heard" met "$(<"$lab/heard")"
}

root_is_as_on_talos() {
  guest_run n1 'set -e
    refused() { if "$@" 2>/dev/null; then echo "possible: $*"; exit 1; fi; }
    refused touch /usr/file
    refused touch /etc/file
    for place in /var/lib /opt /etc/cni /etc/kubernetes /run /tmp /system; do touch "$place/file"; done
    cp /bin/busybox /run/
    refused /run/busybox true
    cp /bin/busybox /opt/
    /opt/busybox true
    test "$(cat /usr/local/from-layer)" = "the upper one"
    test "$(sysctl -n net.core.bpf_jit_harden)" = 2
    grep -q "^cgroup2 /sys/fs/cgroup .*nsdelegate" /proc/mounts
    for kind in netkit dummy wireguard veth; do ip link add "try-$kind" type "$kind"; done
    tc qdisc replace dev eth0 root fq
    test "$(ip -o link | grep -c "link/ether 02:00:00:00")" = 1'
}

reach_each_other() {
  guest_run n1 "ping -c 1 -W 5 $(node4 n2) && ping -c 1 -W 5 $(node6 n2)"
  in_machine lan ping -n -c 1 -W 5 "$(node4 n1)"
}

second_boot() {
  guest_run n1 'echo kept >/var/lib/state && sync && touch /etc/cni/file'
  guest_stop n1
  guest_start n1 "$kernel"
  guest_wait n1
  expect "/var" kept "$(guest_run n1 'cat /var/lib/state')"
  guest_run n1 '! test -e /etc/cni/file'
}

lost() {   # a command whose guest ends does not hang, and is no success
  local code=0
  guest_run n2 'echo it runs; sleep 1000' >"$lab/heard" &
  local job=$!
  until_true 10 "the command to run" grep -q "it runs" "$lab/heard"
  guest_stop n2
  wait "$job" || code=$?
  expect "exit code" 255 "$code"
}

ends() {
  local code=0
  bash -c "source '$vm_tests/guest.sh'; lab_start; echo \"\$lab\" >'$lab/name'; guest_start n1 $kernel; kill -TERM \$\$" || code=$?
  expect "exit code" 143 "$code"
  expect "left behind" "" "$(lab_leftovers "$(<"$lab/name")")"
}

guests_possible || exit 0
lab_start
for layer in lower upper; do
  mkdir -p "$lab/$layer/usr/local"
  echo "the $layer one" >"$lab/$layer/usr/local/from-layer"
done
guest_start n1 "$kernel" "$lab/lower" "$lab/upper"
guest_start n2 newest-amd64
check "a guest boots" guest_wait n1
check "input, output, errors and exit codes pass through" passes_through
check "two commands at once" two_commands
check "the root is as on Talos" root_is_as_on_talos
check "another boots beside it" guest_wait n2
check "guests reach each other and the switch" reach_each_other
check "/var is kept over a power cut, memory is not" second_boot
check "a command ends with its guest" lost
check "nothing is left of a guest when its test is ended" ends
