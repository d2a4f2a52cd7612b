# Sourced after credentials.sh: the machine cp, which runs etcd, API server, controller manager and scheduler. It is no node.

control_plane() {
  machine cp
  plug cp "$net4.10" "$net6:10"
  control_plane_credentials
  daemon cp etcd etcd --data-dir "$lab/cp/etcd" --unsafe-no-fsync --log-level warn
  api_server
  daemon cp kube-controller-manager kube-controller-manager --kubeconfig="$lab/pki/kube-controller-manager.kubeconfig" --leader-elect=false \
    --allocate-node-cidrs=true --cluster-cidr="$pods" --service-cluster-ip-range="$services" \
    --use-service-account-credentials=true --service-account-private-key-file="$lab/pki/accounts.key" --root-ca-file="$lab/pki/ca.crt" \
    --cluster-signing-cert-file="$lab/pki/ca.crt" --cluster-signing-key-file="$lab/pki/ca.key"
  daemon cp kube-scheduler kube-scheduler --kubeconfig="$lab/pki/kube-scheduler.kubeconfig" --leader-elect=false
  until_true 120 "the API server" kubectl get --raw /readyz
}

# Its audit log says which lists and watches nodes have asked for.
api_server() {
  local pki=$lab/pki
  audit_policy >"$lab/cp/audit.yaml"
  daemon cp kube-apiserver kube-apiserver --etcd-servers=http://127.0.0.1:2379 --service-cluster-ip-range="$services" \
    --advertise-address="$net4.10" --bind-address=:: --tls-cert-file="$pki/apiserver.crt" --tls-private-key-file="$pki/apiserver.key" \
    --client-ca-file="$pki/ca.crt" --tls-min-version=VersionTLS13 --authorization-mode=Node,RBAC \
    --enable-admission-plugins=NodeRestriction --allow-privileged=true --enable-aggregator-routing=true \
    --service-account-key-file="$pki/accounts.pub" --service-account-signing-key-file="$pki/accounts.key" \
    --service-account-issuer=https://kubernetes.default.svc.cluster.local \
    --kubelet-client-certificate="$pki/kubelet-client.crt" --kubelet-client-key="$pki/kubelet-client.key" \
    --kubelet-preferred-address-types=InternalIP \
    --requestheader-client-ca-file="$pki/ca.crt" --requestheader-allowed-names=front-proxy-client \
    --requestheader-extra-headers-prefix=X-Remote-Extra- --requestheader-group-headers=X-Remote-Group \
    --requestheader-username-headers=X-Remote-User \
    --proxy-client-cert-file="$pki/front-proxy.crt" --proxy-client-key-file="$pki/front-proxy.key" \
    --audit-policy-file="$lab/cp/audit.yaml" --audit-log-path="$lab/cp/audit.log"
}

audit_policy() {
  cat <<T
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules: [{level: Metadata, userGroups: [system:nodes], verbs: [list, watch]}, {level: None}]
T
}

# The API server reaches pods as any machine of the network does: by routes to their nodes.
control_plane_routes() {
  local node=$1 range4 range6
  read -r range4 range6 <"$lab/$node/pod-ranges"
  on_machine cp ip route replace "$range4" via "$(node4 "$node")"
  on_machine cp ip route replace "$range6" via "$(node6 "$node")"
}

cluster_dns() {
  sed "s/@dns@/$dns_service/" "$cluster_tests/coredns.yaml" | kubectl apply -f - >/dev/null
  until_true 180 "cluster DNS" kubectl -n kube-system rollout status deployment/coredns --timeout=2s
}
