#!/usr/bin/env bash
# Each kernel of the tier takes ichor: `check` passes, with every program through its verifier, whose time is printed, and a process of the
# node reaches a Service.
source "$(dirname "$0")/guest.sh"
for part in checks pods objects; do source "$netns_tests/$part.sh"; done

# As a system extension has it: the agent below /usr/local, and nothing else of it.
agent_layer() {   # ARCH
  local build=release
  [[ $1 == amd64 ]] || build=release-$1
  install -D "$repository/build/$build/bin/ichor-agent" "$lab/$1/usr/local/bin/ichor-agent"
  install -D -m 644 "$repository/machineconfig/cilium-base-values.yaml" "$lab/$1/usr/local/etc/ichor/values.yaml"
  guest_layer "$lab/$1"
}

check_passes() {   # NODE
  guest_run "$1" '/usr/local/bin/ichor-agent check' >"$lab/$1/check" 2>&1 || { grep -E '^(FAIL|warn)' -A1 "$lab/$1/check"; return 1; }
}

# The row of a program ends: NAME: N instructions verified in N us
verifier_times() {   # NODE
  sed -nE 's/^ok +program +([^:]+): ([0-9]+) .* in ([0-9]+) us$/\1: \2 instructions, \3 us/p' "$lab/$1/check" >"$lab/$1/times"
  expect "programs with a verifier time" "$(grep -cE '^[A-Za-z]+ +program ' "$lab/$1/check")" "$(wc -l <"$lab/$1/times")"
}

agent_with_service() {   # NODE
  node_object "$1"
  service web 10
  endpoints web 8080 "$1"
  tar -c -C "$lab/manifests" . | guest_run "$1" '
    mkdir /run/manifests /run/www
    tar -x -C /run/manifests
    hostname >/run/www/index.html
    httpd -p 8080 -h /run/www
    setsid /usr/local/bin/ichor-agent run --config /usr/local/etc/ichor/values.yaml --manifests /run/manifests \
      >/run/agent.log 2>&1 </dev/null &'
  until_true 60 "the agent of $1 to be ready" guest_run "$1" 'wget -q -O - http://127.0.0.1:9879/readyz' </dev/null || {
    guest_run "$1" 'tail -n 20 /run/agent.log' </dev/null
    return 1
  }
}

answered() {   # NODE ADDRESS
  expect "the answer" "$1" "$(guest_run "$1" "wget -q -T 5 -O - http://$2/" </dev/null)"
}

kernel_cases() {   # NODE KERNEL
  local line
  check "$2 boots" guest_wait "$1"
  figure "$2 is Linux $(guest_run "$1" "uname -r" </dev/null) and was up after $(guest_boot_time "$1") s"
  check "ichor-agent check passes on $2" check_passes "$1"
  check "each program's verifier time is known on $2" verifier_times "$1"
  while read -r line; do figure "verifier on $2: $line"; done <"$lab/$1/times"
  check "the agent is ready on $2" agent_with_service "$1"
  check "a ClusterIP answers a process of the node on $2, IPv4" answered "$1" "$(service4 10)"
  check "a ClusterIP answers a process of the node on $2, IPv6" answered "$1" "[$(service6 10)]"
  guest_stop "$1"
}

guests_possible || exit 0
lab_start
amd64=$(agent_layer amd64)
arm64=$(agent_layer arm64)
guest_start n1 6.12-amd64 "$amd64"
guest_start n2 newest-amd64 "$amd64"
kernel_cases n1 6.12-amd64
guest_start n3 6.12-arm64 "$arm64"   # boots while the other works
kernel_cases n2 newest-amd64
kernel_cases n3 6.12-arm64
