#include "sources/cni/admission.h"

#include <fcntl.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

namespace sources::cni {

namespace {

using io::cni::Code;
using io::cni::Failure;

base::Result<void> check_netns(int netns) {
  if (::ioctl(netns, NS_GET_NSTYPE) != CLONE_NEWNET) return base::Error{EINVAL, "is no network namespace"};
  struct stat theirs, own;
  if (::fstat(netns, &theirs) != 0 || ::stat("/proc/thread-self/ns/net", &own) != 0) return base::errno_error("cannot be examined");
  if (theirs.st_dev == own.st_dev && theirs.st_ino == own.st_ino) return base::Error{EINVAL, "is the node's own"};
  return {};
}

}  // namespace

std::variant<Admitted, Failure> admit(io::cni::Received received) {
  if (received.too_long) return Failure{Code::kDecode, "request: longer than " + std::to_string(io::cni::kMaxMessage) + " bytes", ""};
  auto request = io::cni::parse_request(received.text);
  if (!request) return Failure{Code::kDecode, request.error().text, ""};
  const bool is_add = request->verb == io::cni::Verb::kAdd;
  if (received.descriptors.size() != (is_add ? 1 : 0))
    return Failure{Code::kDecode,
                   std::string("request: ") + to_string(request->verb) + (is_add ? " takes one descriptor" : " takes no descriptor") +
                       ", this one has " + std::to_string(received.descriptors.size()),
                   ""};
  Admitted admitted{std::move(*request), {}};
  if (!is_add) return admitted;
  if (const auto checked = check_netns(received.descriptors.front().get()); !checked)
    return Failure{Code::kBadVariables, "CNI_NETNS: " + admitted.request.netns_path + ": " + checked.error().text, ""};
  admitted.netns = std::move(received.descriptors.front());
  return admitted;
}

}  // namespace sources::cni
