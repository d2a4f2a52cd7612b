# Sourced by tests: one line a case, `ok NAME`, `not ok NAME: why` or `skip NAME: why`, which tests/netns/run counts.

# check NAME COMMAND...: ok when the command, under errexit, succeeds; its last lines of output say why not.
check() {
  local name=$1 output code
  shift
  set +e   # a command in a condition would run without errexit
  output=$(set -e; "$@" 2>&1 </dev/null)
  code=$?
  set -e
  if ((code == 0)); then
    echo "ok $name"
  else
    echo "not ok $name: $(tail -n 3 <<<"$output" | tr '\n' ' ' | cut -c1-400)"
  fi
}

skip() { echo "skip $1: $2"; }
figure() { echo "# $*" >&2; }   # what was measured, for people

# expect WHAT EXPECTED ACTUAL
expect() {
  [[ $2 == "$3" ]] || { echo "$1: expected $2, got ${3:-nothing}"; return 1; }
}

# A test needs the product; a run without it says so instead of passing.
need_product() {
  [[ -x $binaries/ichor-agent && -x $binaries/ichor-cni ]] || die "no ichor-agent and ichor-cni in $binaries: cmake --build --preset release"
  [[ -x $traffic ]] || die "no ichor-traffic in $binaries"
}
