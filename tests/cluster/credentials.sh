# Sourced after cluster.sh: the certificates and kubeconfigs of one cluster, in $lab/pki.

certificate() {   # NAME SUBJECT EXTENSIONS
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$lab/pki/$1.key" -subj "$2" 2>/dev/null |
    openssl x509 -req -CA "$lab/pki/ca.crt" -CAkey "$lab/pki/ca.key" -CAcreateserial -days 365 -sha256 -extfile <(printf '%b' "$3") \
      -out "$lab/pki/$1.crt" 2>/dev/null
}

kubeconfig() {   # NAME SERVER [CERTIFICATE KEY]
  jq -n --arg server "$2" --arg authority "$(base64 -w0 "$lab/pki/ca.crt")" --arg crt "${3:-$lab/pki/$1.crt}" --arg key "${4:-$lab/pki/$1.key}" '
    {apiVersion: "v1", kind: "Config", "current-context": "it",
     clusters: [{name: "it", cluster: {server: $server, "certificate-authority-data": $authority}}],
     users: [{name: "it", user: {"client-certificate": $crt, "client-key": $key}}],
     contexts: [{name: "it", context: {cluster: "it", user: "it"}}]}' >"$lab/pki/$1.kubeconfig"
}

client=extendedKeyUsage=clientAuth

control_plane_credentials() {
  local name names=DNS:localhost,DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc,DNS:kubernetes.default.svc.cluster.local
  mkdir "$lab/pki"
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$lab/pki/ca.key" -out "$lab/pki/ca.crt" \
    -subj /CN=kubernetes -days 365 2>/dev/null
  openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:prime256v1 -out "$lab/pki/accounts.key" 2>/dev/null
  openssl pkey -in "$lab/pki/accounts.key" -pubout -out "$lab/pki/accounts.pub"
  certificate apiserver /CN=kube-apiserver \
    "subjectAltName=$names,IP:127.0.0.1,IP:10.96.0.1,IP:fd00:96::1,IP:$net4.10,IP:$net6:10\nextendedKeyUsage=serverAuth"
  certificate kubelet-client /O=system:masters/CN=kube-apiserver-kubelet-client $client
  certificate front-proxy /CN=front-proxy-client $client
  certificate admin /O=system:masters/CN=admin $client
  kubeconfig admin "$api"
  for name in kube-controller-manager kube-scheduler kube-proxy; do
    certificate "$name" "/CN=system:$name" $client
    kubeconfig "$name" "$([[ $name == kube-proxy ]] && echo https://127.0.0.1:7445 || echo "$api")"
  done
}

# One file holds certificate and key, and the kubeconfig names it by its path on the node, as a kubelet that rotates writes them.
node_credentials() {
  local pem=/var/lib/kubelet/pki/kubelet-client-current.pem
  certificate "$1" "/O=system:nodes/CN=system:node:$1" \
    "extendedKeyUsage=clientAuth,serverAuth\nsubjectAltName=DNS:$1,IP:$(node4 "$1"),IP:$(node6 "$1")"
  mkdir -p "$lab/$1/var/kubelet/pki"
  cat "$lab/pki/$1.crt" "$lab/pki/$1.key" >"$lab/$1/var/kubelet/pki/kubelet-client-current.pem"
  kubeconfig "$1" https://127.0.0.1:7445 "$pem" "$pem"
}
