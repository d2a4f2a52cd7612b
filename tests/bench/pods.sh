#!/usr/bin/env bash
# Pods at once on one node of a real cluster: from the wish to the last that is ready, beside kube-proxy with ptp and host-local. Two
# clusters come up, one after the other.
export ICHOR_CLUSTER=bench-$$
source "$(dirname "$0")/../cluster/cluster.sh"
source "$repository/tests/bench/rows.sh"
pods_count=${BENCH_PODS:-90}

end() {
  local code=$?
  trap '' INT TERM HUP
  "$repository/hack/cluster" down || code=1
  exit "$code"
}
trap 'exit 130' INT
trap 'exit 143' TERM HUP
trap end EXIT

# Seconds until as many pods are Ready, by the API server.
pods_at_once() {
  local started
  kubectl create deployment many --image=localhost/pause:local --replicas=0 >/dev/null
  started=$EPOCHREALTIME
  kubectl scale deployment many --replicas="$pods_count" >/dev/null
  kubectl wait deployment many --for=jsonpath='{.status.readyReplicas}'="$pods_count" --timeout=600s >/dev/null
  jq -n "$EPOCHREALTIME - $started"
  kubectl delete deployment many --wait=false >/dev/null
  until_true 300 "the pods to end" no_pods
}
no_pods() { [[ -z $(kubectl get pods -l app=many -o name) ]]; }

times() {   # NETWORK: a JSON array
  local turn times=()
  "$repository/hack/cluster" up --nodes 1 --network "$1" >&2
  cluster_find
  for turn in 1 2 3; do times+=("$(pods_at_once)"); done
  array "${times[@]}"
}

ichor=$(times ichor)
"$repository/hack/cluster" down >&2
reference=$(times kube-proxy)
row "$pods_count pods at once on a node" s "$(median "$reference")" "$ichor" "$reference" "reference and goal: kube-proxy, ptp and host-local"
