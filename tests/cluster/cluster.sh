# Sourced by hack/cluster, hack/e2e and the test here: a Kubernetes cluster is a laboratory of tests/netns whose machines run Kubernetes'
# own programs, and which stays when the shell that made it has gone. Everything of it lies in one directory and one control group.
source "$(dirname "${BASH_SOURCE[0]}")/../netns/lab.sh"

cluster_tests=$repository/tests/cluster
cluster_cache=${ICHOR_CACHE:-$HOME/.cache/ichor}/cluster
programs=$cluster_cache/bin
images=$cluster_cache/images.tar
cluster=${ICHOR_CLUSTER:-default}   # several can run beside each other

pods=10.42.0.0/16,fd00:10:42::/56   # IPv4 as machineconfig/ has it
services=10.96.0.0/12,fd00:96::/108
dns_service=10.96.0.10
api=https://$net4.10:6443
admin=

cluster_find() {
  lab_find "$cluster_cache/running/ichor-cluster.$cluster"
  admin=$lab/pki/admin.kubeconfig
}
cluster_runs() { [[ -e $lab/up ]]; }
nodes() { cat "$lab/nodes"; }

# on_machine NAME COMMAND...: as in_machine, with the cluster's programs at hand and an administrator's rights.
on_machine() { in_machine "$1" env PATH="$programs:$binaries:$PATH" KUBECONFIG="$admin" "${@:2}"; }
kubectl() { on_machine cp kubectl "$@"; }

# daemon MACHINE NAME COMMAND...: starts it, and starts it again whenever it ends.
daemon() {
  on_machine "$1" setsid "$cluster_tests/daemon" "${@:2}" </dev/null >>"$lab/logs/$1.$2" 2>&1 &
  disown
}

# daemon_kill MACHINE NAME: SIGKILL, as a crash would; it comes back by itself. Returns when the old one is gone.
daemon_kill() {
  local group=$lab_group/$1/system/$2 pid pids
  pids=$(<"$group/cgroup.procs")
  echo 1 >"$group/cgroup.kill"
  for pid in $pids; do until_true 10 "$2 of $1 to end" process_gone "$pid"; done
}
# The same, but it stays away until daemon_back.
daemon_away() {
  on_machine "$1" touch "/run/$2.away"
  daemon_kill "$1" "$2"
}
daemon_back() { on_machine "$1" rm -f "/run/$2.away"; }
process_gone() { [[ ! -e /proc/$1/stat ]]; }
