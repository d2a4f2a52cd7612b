#!/usr/bin/env bash
# The laboratory and the demo leave nothing behind, whichever way they end.
source "$(dirname "$0")/lab.sh"
source "$netns_tests/checks.sh"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

ends() {   # CODE LAST-COMMAND: a laboratory that ends so
  local code=0
  env --default-signal=INT bash -c "source '$netns_tests/lab.sh'; lab_start; echo \"\$lab\" >'$scratch/name'; node n1; client; in_machine n1 sleep 1000 & $2" || code=$?
  expect "exit code" "$1" "$code"
  expect "left behind" "" "$(lab_leftovers "$(<"$scratch/name")")"
}

two_at_once() {
  bash -c "source '$netns_tests/lab.sh'; lab_start; node n1; node n2
    bash -c \"source '$netns_tests/lab.sh'; lab_start; node n1; node n2; in_machine n1 ping -n -c 1 -W 3 $(node4 n2)\"
    in_machine n2 ping -n -c 1 -W 3 $(node6 n1)"
}

# Runs the demo in a group of its own until its output has LINE, then sends SIGNAL to the group.
demo_until() {   # CODE SIGNAL LINE
  local code=0 name=
  rm -f "$scratch/output"
  TMPDIR=$scratch/demo env --default-signal=INT setsid "$repository/hack/demo" >"$scratch/output" 2>&1 &
  local job=$!
  until_true 300 "the demo's line $3" grep -q "$3" "$scratch/output" || { kill -TERM "-$job"; return 1; }
  name=$(compgen -G "$scratch/demo/ichor-lab.*")
  [[ $2 == none ]] || kill "-$2" "-$job"
  wait "$job" || code=$?
  ((code == $1)) || { tail -n 5 "$scratch/output"; echo "exit code $code"; return 1; }
  expect "left behind" "" "$(lab_leftovers "$name")"
  expect "files left behind" "" "$(ls "$scratch/demo")"
}

mkdir "$scratch/demo"
check "nothing is left after a good end" ends 0 true
check "nothing is left when a step fails" ends 1 false
check "nothing is left after Ctrl-C" ends 130 'kill -INT $$'
check "nothing is left after SIGTERM" ends 143 'kill -TERM $$'
check "two laboratories at once" two_at_once
need_product
check "the demo runs through and leaves nothing" demo_until 0 none "an agent on each node"
check "the demo leaves nothing after Ctrl-C" demo_until 130 INT "real calls"
