# Sourced by what needs a kernel of its own: guests, virtual machines on the switch of tests/netns (192.168.42.0/24, addresses of node4 and
# node6). Call lab_start first. All of a guest lies in the laboratory's directory and control group and goes with it.
source "$(dirname "${BASH_SOURCE[0]}")/../netns/lab.sh"

vm_tests=$repository/tests/vm
vm_cache=${ICHOR_CACHE:-$HOME/.cache/ichor}/vm
read -ra guest_kernels <<<"${GUEST_KERNELS:-6.12-amd64 newest-amd64}"   # for what runs on each of them
guest_memory=1024 guest_processors=2   # of the next guest to start

# A test without guests says so and passes nothing.
guests_possible() { [[ -e $vm_cache/roots.sha256 ]] || { echo "skip $(basename "$0" _test.sh): run hack/deps vm first"; return 1; }; }

guest_group() { echo "$lab_group/lan/guest-$1"; }
guest_console() { echo "$lab/logs/$1.console"; }
guest_port() { echo $((5000 + ${1#n})); }   # of the switch's 127.0.0.1
guest_runs() { [[ -n $(cat "$(guest_group "$1")/cgroup.procs" 2>/dev/null) ]]; }
guest_boot_time() { sed -n 's/^guest: ready after \([0-9.]*\) s.*/\1/p' "$(guest_console "$1")"; }   # seconds of the guest's clock
guest_is_up() { grep -q '^guest: ready' "$(guest_console "$1")"; }

# guest_start nN KERNEL [LAYER...]: boots it and does not wait. KERNEL: a directory's name in $vm_cache/kernels. LAYER: a directory or a
# squashfs image with files to lay over the root, the last on top. What is in /var stays until lab_stop: a second start is a second boot.
guest_start() {
  local name=$1 kernel=$2 arguments
  mkdir -p "$lab/$name" "$(guest_group "$name")"
  [[ -e $lab/$name/var.img ]] || guest_disk "$lab/$name/var.img"
  guest_arguments "$@"
  printf '%s\n' "$@" >"$lab/$name/boot"
  : >"$(guest_console "$name")"
  in_machine lan bash -euc '
    echo 0 >"/sys/fs/cgroup/guest-$1/cgroup.procs"
    ip link delete "port-$1" 2>/dev/null || true   # of the boot before
    ip tuntap add "port-$1" mode tap
    ip link set "port-$1" master br0 up
    bridge link set dev "port-$1" flood off
    exec "${@:2}"' - "$name" "${arguments[@]}" </dev/null >"$lab/logs/$name.qemu" 2>&1 &
  disown
  until_true 10 "guest $name to start" guest_has_begun "$name" "$!"
}

# As guest_start. Sets the caller's array arguments: the command line of QEMU.
guest_arguments() {
  local name=$1 kernel=$2 number=${1#n} layer console
  case $kernel in
    *-amd64) arguments=(qemu-system-x86_64 -M q35 -cpu max) console=ttyS0 ;;
    *-arm64) arguments=(qemu-system-aarch64 -M "virt,gic-version=3" -cpu neoverse-n1) console=ttyAMA0 ;;
  esac
  arguments+=(-accel "tcg,thread=multi" -smp "$guest_processors" -m "$guest_memory" -nodefaults -no-user-config -display none -no-reboot
    -kernel "$vm_cache/kernels/$kernel/image" -initrd "$vm_cache/kernels/$kernel/initramfs"
    # The timer check is one that an emulated timer fails under load.
    -append "console=$console hostname=$name panic=-1 quiet no_timer_check" -serial "file:$(guest_console "$name")"
    -netdev "tap,id=switch,ifname=port-$name,script=no,downscript=no"
    -device "virtio-net-pci,netdev=switch,mac=02:00:00:00:01:$(printf %02x "$number")"
    -netdev "user,id=control,restrict=on,hostfwd=tcp:127.0.0.1:$(guest_port "$name")-:5000"
    -device virtio-net-pci,netdev=control,mac=02:00:00:00:00:01)
  for layer in "$vm_cache/root-${kernel#*-}.squashfs" "$vm_cache/kernels/$kernel/modules.squashfs" "${@:3}"; do
    [[ -f $layer ]] || layer=$(guest_layer "$layer")
    arguments+=(-drive "file=$layer,if=virtio,format=raw,readonly=on")
  done
  arguments+=(-drive "file=$lab/$name/var.img,if=none,id=var,format=raw,cache=unsafe" -device virtio-blk-pci,drive=var,serial=var)
}

guest_layer() {   # DIRECTORY: an image of it
  local image
  image=$(mktemp "$lab/layer.XXXXXX")
  mksquashfs "$1" "$image" -noappend -all-root -noI -noD -noF -noX -quiet -no-progress >&2
  echo "$image"
}

guest_disk() {   # FILE
  truncate -s 8G "$1"
  mkfs.ext4 -q -E lazy_itable_init=1,lazy_journal_init=1,nodiscard "$1"
}

# guest_wait nN: until it takes commands and has its addresses.
guest_wait() {
  local name=$1
  until_true 90 "guest $name to boot" guest_is_up_or_gone "$name" || true
  guest_is_up "$name" || guest_boot_again "$name"
  guest_is_up "$name" || { tail -n 20 "$(guest_console "$name")" "$lab/logs/$name.qemu" >&2; return 1; }
  guest_run "$name" "
    sysctl -qw net.ipv6.conf.eth0.accept_dad=0
    ip link set eth0 up
    ip address add $(node4 "$name")/24 dev eth0
    ip address add $(node6 "$name")/64 dev eth0
    ip route add default via $net4.1
    ip -6 route add default via $net6:1"
}
# An emulated kernel hangs or panics in its first seconds now and then, before anything of ours runs.
guest_boot_again() {
  local words
  say "guest $1 did not come up, and is booted once more; it said last: $(tail -n 3 "$(guest_console "$1")")"
  mapfile -t words <"$lab/$1/boot"
  guest_stop "$1"
  guest_start "${words[@]}"
  until_true 120 "guest $1 to boot" guest_is_up_or_gone "$1"
}
guest_is_up_or_gone() { guest_is_up "$1" || ! guest_runs "$1"; }

# guest_stop nN: as if its power were cut.
guest_stop() {
  local group
  group=$(guest_group "$1")
  echo 1 >"$group/cgroup.kill"
  until_true 10 "guest $1 to end" guest_has_ended "$1"
  mv "$(guest_console "$1")" "$(guest_console "$1").before"
}
guest_has_begun() { guest_runs "$1" || [[ ! -e /proc/$2 ]]; }
guest_has_ended() { ! guest_runs "$1"; }

# guest_run nN SCRIPT: runs it in the guest's first namespaces as root with sh; input (unless that is a terminal), output, errors and exit
# code are its own. 255: there is no such guest any more. One connection; a script need not read all its input.
guest_run() (
  set +o pipefail
  [[ ! -t 0 ]] || exec </dev/null
  end=end-of-$BASHPID-$RANDOM$RANDOM
  { echo "$end $(base64 -w0 <<<"$2")"; cat; } 2>/dev/null |
    in_machine lan socat -t 86400 - "TCP:127.0.0.1:$(guest_port "$1")" 2>/dev/null | "$vm_tests/answer" "$end" "guest $1 is gone"
)
