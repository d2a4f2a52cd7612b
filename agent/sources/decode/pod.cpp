// Pods, and Namespaces, which are little more than a name.
#include "sources/decode/kinds.h"
#include "sources/decode/names.h"
#include "sources/decode/object_meta.h"

namespace sources::decode {

base::Result<model::Pod> decode_pod(const Value& object, Warnings& warnings) {
  Complaint complaint;
  Field root(object, complaint, &warnings);
  Field spec = root["spec"].lenient(), status = root["status"].lenient();
  model::Pod pod;
  pod.meta = decode_meta(root, Scope::kNamespaced, is_dns_subdomain);
  pod.node_name = spec["nodeName"].text();
  pod.host_network = spec["hostNetwork"].boolean(false);
  pod.phase = one_of<const char*>(
      status["phase"],
      {{"Pending", "Pending"}, {"Running", "Running"}, {"Succeeded", "Succeeded"}, {"Failed", "Failed"}, {"Unknown", "Unknown"}});
  pod.ips = status["podIPs"].each([](const Field& field) { return field["ip"].ip(); });
  if (pod.ips.empty() && !status["podIP"].text().empty()) {
    if (auto ip = status["podIP"].ip()) pod.ips.push_back(*ip);
  }
  if (complaint) return base::Error{EINVAL, *complaint};
  return pod;
}

base::Result<model::Namespace> decode_namespace(const Value& object, Warnings& warnings) {
  Complaint complaint;
  Field root(object, complaint, &warnings);
  model::Namespace ns;
  ns.meta = decode_meta(root, Scope::kCluster, is_dns_label);
  if (complaint) return base::Error{EINVAL, *complaint};
  return ns;
}

}  // namespace sources::decode
