// Keys and their precedence are those of client-go's clientcmd: inline data wins over a file, a token's file over an inline token.
#include "io/kube/kubeconfig.h"

#include <openssl/evp.h>
#include <yaml-cpp/yaml.h>

#include <charconv>
#include <filesystem>
#include <memory>
#include <vector>

#include "base/ip.h"
#include "base/text.h"

namespace io::kube {
namespace {

constexpr size_t kLargestFile = 1 << 20;  // bytes
constexpr const char* kInstead = "use a client certificate, a token or a tokenFile";

// One map of the file and what errors call it: `users["kubelet"].user`.
struct Section {
  YAML::Node node;
  std::string name;

  base::Error wrong(const std::string& key, const std::string& why) const { return {EINVAL, name + "." + key + ": " + why}; }
};

base::Result<std::string> text_of(const Section& section, const std::string& key) {
  const YAML::Node value = section.node[key];
  if (!value || value.IsNull()) return std::string();
  if (!value.IsScalar()) return section.wrong(key, "is not text");
  return value.Scalar();
}

base::Result<std::string> decode_base64(const std::string& text) {
  const std::unique_ptr<EVP_ENCODE_CTX, decltype(&EVP_ENCODE_CTX_free)> context(EVP_ENCODE_CTX_new(), EVP_ENCODE_CTX_free);
  std::vector<unsigned char> decoded(text.size() + 4);
  int length = 0;
  int rest = 0;
  EVP_DecodeInit(context.get());
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  if (EVP_DecodeUpdate(context.get(), decoded.data(), &length, bytes, static_cast<int>(text.size())) < 0 ||
      EVP_DecodeFinal(context.get(), decoded.data() + length, &rest) < 0)
    return base::Error{EINVAL, "is not base64"};
  return std::string(decoded.begin(), decoded.begin() + length + rest);
}

std::string beside(const std::string& kubeconfig, const std::string& file) {
  return (std::filesystem::path(kubeconfig).parent_path() / file).lexically_normal().string();
}

base::Result<Material> material_of(const Section& section, const std::string& key, const std::string& kubeconfig) {
  const std::string encoded = TRY(text_of(section, key + "-data"));
  if (!encoded.empty()) {
    auto decoded = decode_base64(encoded);
    if (!decoded || decoded->empty()) return section.wrong(key + "-data", "is not base64");
    return Material{"", *decoded};
  }
  const std::string file = TRY(text_of(section, key));
  return Material{file.empty() ? "" : beside(kubeconfig, file), ""};
}

// `list` holds named things, each with a map under `kind`.
base::Result<Section> find(const YAML::Node& root, const std::string& list, const std::string& kind, const std::string& name) {
  const std::string shown = list + "[\"" + name + "\"]";
  const YAML::Node entries = root[list];
  if (entries && !entries.IsNull() && !entries.IsSequence()) return base::Error{EINVAL, list + ": is not a list"};
  for (const auto& entry : entries) {
    if (!entry.IsMap() || !entry["name"] || !entry["name"].IsScalar() || entry["name"].Scalar() != name) continue;
    const YAML::Node found = entry[kind];
    if (!found || !found.IsMap()) return base::Error{EINVAL, shown + "." + kind + ": is missing"};
    return Section{found, shown + "." + kind};
  }
  return base::Error{EINVAL, shown + ": is missing"};
}

base::Result<void> refuse(const Section& section, const std::vector<std::string>& keys, const std::string& instead) {
  for (const auto& key : keys) {
    const YAML::Node value = section.node[key];
    if (value && !value.IsNull() && !(value.IsScalar() && value.Scalar().empty())) return section.wrong(key, instead);
  }
  return {};
}

base::Result<void> read_server(const Section& cluster, Kubeconfig& config) {
  const std::string url = TRY(text_of(cluster, "server"));
  const std::string scheme = "https://";
  if (!url.starts_with(scheme)) return cluster.wrong("server", "\"" + url + "\" does not begin with https://");
  const base::Error wrong = cluster.wrong("server", "\"" + url + "\" is not https://HOST:PORT, as in https://127.0.0.1:7445");
  const std::string rest = url.substr(scheme.size());
  const size_t slash = std::min(rest.find('/'), rest.size());
  std::string authority = rest.substr(0, slash);
  config.path = rest.substr(slash);
  while (config.path.ends_with('/')) config.path.pop_back();
  if (config.path.find_first_of("?# \t\r\n") != std::string::npos) return wrong;

  const size_t bracket = authority.rfind(']');
  const size_t colon = authority.rfind(':');
  if (colon != std::string::npos && (bracket == std::string::npos || colon > bracket)) {
    const char* end = authority.data() + authority.size();
    const auto [after, code] = std::from_chars(authority.data() + colon + 1, end, config.port);
    if (code != std::errc{} || after != end || config.port == 0) return wrong;
    authority.resize(colon);
  }
  if (authority.starts_with('[') && authority.ends_with(']')) authority = authority.substr(1, authority.size() - 2);
  config.host = authority;
  if (config.host.empty() || config.host.find_first_of("[]@? \t\r\n") != std::string::npos) return wrong;
  if (config.host.find(':') != std::string::npos && !base::parse_ip(config.host)) return wrong;
  return {};
}

base::Result<void> read_cluster(const Section& cluster, const std::string& path, Kubeconfig& config) {
  TRY(read_server(cluster, config));
  TRY(refuse(cluster, {"proxy-url"}, "proxies are not used: name a server that is reached directly"));
  const std::string insecure = TRY(text_of(cluster, "insecure-skip-tls-verify"));
  if (!insecure.empty() && insecure != "false")
    return cluster.wrong("insecure-skip-tls-verify", "the server is always verified: give certificate-authority instead");
  config.tls_server_name = TRY(text_of(cluster, "tls-server-name"));
  config.authority = TRY(material_of(cluster, "certificate-authority", path));
  if (!config.authority.present()) return cluster.wrong("certificate-authority", "is missing: the server is verified by nothing else");
  return {};
}

base::Result<void> read_user(const Section& user, const std::string& path, Kubeconfig& config) {
  TRY(refuse(user, {"exec"}, std::string("no other program is run for credentials: ") + kInstead));
  TRY(refuse(user, {"auth-provider", "username", "password"}, std::string("is not supported: ") + kInstead));
  TRY(refuse(user, {"as", "as-uid", "as-groups", "as-user-extra"}, "nobody is impersonated: name the user that is meant"));
  config.client_certificate = TRY(material_of(user, "client-certificate", path));
  config.client_key = TRY(material_of(user, "client-key", path));
  const std::string token_file = TRY(text_of(user, "tokenFile"));
  if (token_file.empty())
    config.token.inlined = TRY(text_of(user, "token"));
  else
    config.token.file = beside(path, token_file);
  if (config.client_certificate.present() && !config.client_key.present()) return user.wrong("client-key", "is missing");
  if (config.client_key.present() && !config.client_certificate.present()) return user.wrong("client-certificate", "is missing");
  if (!config.client_certificate.present() && !config.token.present())
    return base::Error{EINVAL, user.name + ": has no credentials: " + kInstead};
  return {};
}

base::Result<Kubeconfig> read_root(const std::string& text, const std::string& path) {
  const YAML::Node root = YAML::Load(text);
  if (!root.IsMap()) return base::Error{EINVAL, "is no map of keys"};
  const Section top{root, "kubeconfig"};
  const std::string context_name = TRY(text_of(top, "current-context"));
  if (context_name.empty()) return base::Error{EINVAL, "current-context: is missing"};
  const Section context = TRY(find(root, "contexts", "context", context_name));
  const std::string cluster = TRY(text_of(context, "cluster"));
  const std::string user = TRY(text_of(context, "user"));
  Kubeconfig config;
  TRY(read_cluster(TRY(find(root, "clusters", "cluster", cluster)), path, config));
  TRY(read_user(TRY(find(root, "users", "user", user)), path, config));
  return config;
}

}  // namespace

base::Result<Kubeconfig> parse_kubeconfig(const std::string& text, const std::string& path) try {
  if (text.size() > kLargestFile) return base::Error{EFBIG, path + ": is larger than 1 MiB"};
  return TRY_IN(read_root(text, path), path);
} catch (const YAML::Exception& wrong) {
  return base::Error{EINVAL, path + ":" + std::to_string(wrong.mark.line + 1) + ": is not YAML: " + wrong.msg};
} catch (const std::exception& wrong) {
  return base::Error{EINVAL, path + ": " + wrong.what()};
}

}  // namespace io::kube
