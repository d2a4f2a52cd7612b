# Sourced after pods.sh: long-lived flows in the background, and what became of them.

declare -A flow_jobs=()   # tag: process id of the job

# flows_start TAG PLACE TARGET...: returns when all of them run.
flows_start() {
  local tag=$1 place=$2
  on "$place" "$traffic" flows "${@:3}" >"$lab/flows-$tag" 2>>"$lab/logs/flows" &
  flow_jobs[$tag]=$!
  until_true 10 "flows of $place" flows_run "$tag" || { cat "$lab/flows-$tag" >&2; return 1; }
}

flows_run() { grep -q '^{"flows"' "$lab/flows-$1"; }

# The process at the end of a chain of shells and nsenter.
innermost() {
  local pid=$1 child
  while child=$(cat "/proc/$pid/task/$pid/children" 2>/dev/null) && [[ -n $child ]]; do pid=${child%% *}; done
  echo "$pid"
}

# flows_stop [TAG...]: ends these, or all that run; the results lie in $lab/flows-TAG, an object a flow.
flows_stop() {
  local tag
  (($#)) || set -- "${!flow_jobs[@]}"
  for tag; do kill -TERM "$(innermost "${flow_jobs[$tag]}")" || true; done
  for tag; do wait "${flow_jobs[$tag]}" || true; unset "flow_jobs[$tag]"; done
}

# flows_sum FIELD TAG...: of a numeric field over these flows; flows_worst: the largest.
flows_sum() { jq -s --arg field "$1" '[.[] | select(.flow) | .[$field]] | add' "${@:2}"; }
flows_worst() { jq -s --arg field "$1" '[.[] | select(.flow) | .[$field]] | max' "${@:2}"; }
flows_broken() { jq -r 'select(.flow and .result != "ok") | "\(.flow) \(.result) after \(.received)"' "$@"; }

# targets_of PORT ADDRESS...: every kind of flow to each of them.
targets_of() {
  local port=$1 address kind
  for address in "${@:2}"; do
    for kind in tcp udp udpu; do echo "$kind:$(target "$address" "$port")"; done
  done
}
