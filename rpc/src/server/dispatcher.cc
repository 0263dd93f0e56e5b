#include "src/server/dispatcher.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "src/base/text.h"
#include "src/wire/limits.h"

namespace piperpc::server {
namespace {

absl::Status CheckMethod(const Method& method) {
  if (method.start == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat("the method ", ToAbsl(method.name), " has no handler"));
  }
  if (method.name.empty() || method.name.size() > wire::kMaxMethodBytes) {
    return absl::InvalidArgumentError(absl::StrCat("a method name has 1 to ", wire::kMaxMethodBytes,
                                                   " bytes, not ", method.name.size()));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status Dispatcher::Add(Service& service) {
  const std::string name(service.name());
  if (std::find(service_names_.begin(), service_names_.end(), name) != service_names_.end()) {
    return absl::AlreadyExistsError(absl::StrCat("the service ", name, " has been added already"));
  }
  for (const Method& method : service.methods()) {
    if (absl::Status status = CheckMethod(method); !status.ok()) return status;
    if (Find(method.name) != nullptr) {
      return absl::AlreadyExistsError(
          absl::StrCat("the method ", ToAbsl(method.name), " has been added already"));
    }
  }
  for (const Method& method : service.methods()) {
    entries_.emplace(method.name, Entry{&method, &service});
  }
  service_names_.push_back(name);
  return absl::OkStatus();
}

const Dispatcher::Entry* Dispatcher::Find(std::string_view method) const {
  const auto found = entries_.find(method);
  return found == entries_.end() ? nullptr : &found->second;
}

absl::Status Dispatcher::NotFound(std::string_view method) const {
  const std::string service(method.substr(0, method.rfind('/')));
  const bool known =
      std::find(service_names_.begin(), service_names_.end(), service) != service_names_.end();
  return absl::UnimplementedError(absl::StrCat(
      "no method '", ToAbsl(method),
      "': ", known ? "its service is here, but has no such method" : "no such service is here"));
}

}  // namespace piperpc::server
