# Sourced after cluster.sh and tests/netns/agents.sh: what an agent of the cluster holds, what it asked the API server for, how etcd forgets
# and what a cloud does to a Node.

table() { http "$1" "/tables/$2?format=json"; }
source_is() { http "$1" '/status?format=json' | jq -e ".sources.objects | $2" >/dev/null; }
serves() {   # NODE SERVICE: over both families and protocols
  table "$1" service_sets |
    jq -e --arg name "default/$2:" '[.[] | select(.state == "done" and (.name | startswith($name)))] | length == 4' >/dev/null
}

# Every node is Ready, every Deployment has its pods, every pod runs, and no namespace is going. After that an agent that knows the Service that came last, with
# our slices and the controller's, knows all.
settled() {
  kubectl get nodes -o json | jq -e 'all(.items[]; .spec.taints == null)' &&
    kubectl get deployments -A -o json | jq -e 'all(.items[]; .status.observedGeneration == .metadata.generation and
      .status.replicas == .spec.replicas and .status.readyReplicas == .spec.replicas)' &&
    kubectl get pods -A -o json | jq -e 'all(.items[]; .status.phase == "Running" and (.metadata | has("deletionTimestamp") | not))' &&
    kubectl get namespaces -o json | jq -e 'all(.items[]; .status.phase == "Active")'
}
namespaces_known() { diff <(table "$1" namespaces | jq -r '.[].key' | sort) <(kubectl get namespaces -o name | sed 's/.*\///' | sort); }
caught_up() {   # NODE SERVICE
  namespaces_known "$1" &&
    serves "$1" "$2" && table "$1" endpoint_slices | jq -e --arg name "default/$2" '[.[] | select(.service == $name)] | length == 4' &&
    table "$1" pods | jq -e 'all(.[]; .phase == "Running")' && table "$1" nodes | jq -e 'all(.[]; .taints == [])'
}

# settle NAME NUMBER: of a Service that comes last.
settle() {
  local node
  until_true 120 "nodes and pods to settle" settled
  service "$1" "$2"
  endpoints "$1" 8080 a c
  for node in $(nodes); do until_true 60 "$node to know all" caught_up "$node" "$1"; done
}

# What the agent read, wants and has, without what each start makes anew: the canary's rows.
state_of() {
  local name
  for name in services endpoint_slices nodes pods namespaces allocations sandbox_records sysctls service_sets frontends attachments pod_links \
    filters pod_entries routes neighbors files status_patches; do
    table "$1" "$name" | jq -c --arg table "$name" '.[] | select((tostring | contains("canary")) | not) | [$table, .]'
  done
}

# Of it: what is in the kernel and on disk.
asked_for() { state_of "$1" | grep -vE '^\["(services|endpoint_slices|nodes|pods|namespaces)",'; }

# What the programs make of the maps: a line for each frontend, with its backends by address, and how many pods. Not the canary, port 9.
entries_of() { on_machine "$1" "$cluster_tests/map_entries" | sort; }

own_rows() { table "$1" effects | grep -cE '"pods canary-|"(health_checks|metrics_listeners) '; }

# Lines "COUNT NODE KIND": how often agents have begun to ask for all objects of a kind, and the server has answered.
lists() {   # LINES of the audit log that were there before
  tail -n "+$(($1 + 1))" "$lab/cp/audit.log" | jq -rR 'fromjson? | select(.userAgent | startswith("ichor-agent/")) |
    select(.responseStatus.code == 200) |
    select(.verb == "list" and .stage == "ResponseComplete" and (.requestURI | contains("continue=") | not)) |
    "\(.user.username | ltrimstr("system:node:")) \(.objectRef.resource)"' | sort | uniq -c
}

etcd() { on_machine cp curl -sS --fail "http://127.0.0.1:2379/v3/kv/$1" -d "$2"; }
forget() {
  local revision
  revision=$(etcd range '{"key": "AA=="}' | jq -r .header.revision)
  etcd compaction "{\"revision\": \"$revision\", \"physical\": true}" >/dev/null
}

condition() {
  kubectl get node "$1" -o json | jq -r '.status.conditions[] | select(.type == "NetworkUnavailable") | "\(.status) \(.reason)"'
}
available() { [[ $(condition "$1") == "False IchorIsUp" ]]; }
cloud_condition() {   # as a cloud's controller sets it on a new node
  kubectl patch node n2 --subresource=status \
    -p '{"status": {"conditions": [{"type": "NetworkUnavailable", "status": "True", "reason": "NoRouteCreated", "message": "test"}]}}'
  until_true 10 "the condition to be taken back" available n2
}
