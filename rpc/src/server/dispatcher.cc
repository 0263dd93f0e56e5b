#include "src/server/dispatcher.h"

#include <algorithm>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "piperpc/catch_all_service.h"
#include "piperpc/internal/visible_text.h"
#include "src/base/text.h"
#include "src/wire/limits.h"

namespace piperpc::server {
namespace {

absl::Status CheckMethod(const Method& method) {
  if (method.start == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat("the method ", base::ToAbsl(method.name), " has no handler"));
  }
  if (method.name.empty() || method.name.size() > wire::kMaxMethodBytes) {
    return absl::InvalidArgumentError(absl::StrCat("a method name has 1 to ", wire::kMaxMethodBytes,
                                                   " bytes, not ", method.name.size()));
  }
  const std::size_t slash = method.name.rfind('/');
  if (slash == 0 || slash == method.name.size() - 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("the method \"", base::ToAbsl(method.name),
                     "\" has an empty name, or its service has; it must be "
                     "\"package.Service/Method\""));
  }
  return absl::OkStatus();
}

// Of one service: each name is there once.
absl::Status CheckNames(std::span<const Method> methods) {
  std::set<std::string_view> names;
  for (const Method& method : methods) {
    if (names.insert(method.name).second) continue;
    return absl::AlreadyExistsError(
        absl::StrCat("the service has the method ", base::ToAbsl(method.name), " twice"));
  }
  return absl::OkStatus();
}

bool IsIdentifier(std::string_view text) {
  return !text.empty() && !absl::ascii_isdigit(static_cast<unsigned char>(text[0])) &&
         std::all_of(text.begin(), text.end(),
                     [](unsigned char c) { return absl::ascii_isalnum(c) || c == '_'; });
}

}  // namespace

bool Dispatcher::IsMethodName(std::string_view name) {
  const std::size_t slash = name.find('/');
  if (slash == name.npos || !IsIdentifier(name.substr(slash + 1))) return false;
  for (std::string_view service = name.substr(0, slash);;) {
    const std::size_t dot = service.find('.');
    if (!IsIdentifier(service.substr(0, dot))) return false;
    if (dot == service.npos) return true;
    service.remove_prefix(dot + 1);
  }
}

absl::Status Dispatcher::Add(Service& service) {
  const std::string name(service.name());
  if (name.empty()) {
    return absl::InvalidArgumentError(
        "a service has an empty name; it must be \"package.Service\"");
  }
  if (std::find(service_names_.begin(), service_names_.end(), name) != service_names_.end()) {
    return absl::AlreadyExistsError(absl::StrCat("the service ", name, " has been added already"));
  }
  if (absl::Status status = CheckNames(service.methods()); !status.ok()) return status;
  for (const Method& method : service.methods()) {
    if (absl::Status status = CheckMethod(method); !status.ok()) return status;
    if (Find(method.name) != nullptr) {
      return absl::AlreadyExistsError(
          absl::StrCat("the method ", base::ToAbsl(method.name), " has been added already"));
    }
  }
  for (const Method& method : service.methods()) {
    metrics::MethodCounters* const counters =
        registry_ == nullptr ? nullptr : &registry_->Find(metrics::Side::kServer, method.name);
    entries_.emplace(method.name, Entry{&method, &service, counters});
  }
  service_names_.push_back(name);
  return absl::OkStatus();
}

absl::Status Dispatcher::AddCatchAll(CatchAllService& service) {
  if (catch_all_.front().service != nullptr) {
    return absl::AlreadyExistsError("a catch-all service has been added already; a server has one");
  }
  if (absl::Status status = service.Check(); !status.ok()) return status;
  for (std::size_t i = 0; i < catch_all_.size(); ++i) {
    catch_all_[i] = {&service.methods_[i], &service,
                     registry_ == nullptr ? nullptr : &registry_->Others(metrics::Side::kServer)};
  }
  return absl::OkStatus();
}

const Dispatcher::Entry* Dispatcher::Find(std::string_view method) const {
  const auto found = entries_.find(method);
  return found == entries_.end() ? nullptr : &found->second;
}

const Dispatcher::Entry* Dispatcher::FindCatchAll(std::string_view method, bool one_request) const {
  const Entry& entry = catch_all_[one_request ? 0 : 1];
  const bool takes_it = entry.method != nullptr && IsMethodName(method);
  return takes_it && !HasServiceOf(method) ? &entry : nullptr;
}

bool Dispatcher::HasServiceOf(std::string_view method) const {
  const std::string_view service = method.substr(0, method.rfind('/'));
  return std::find(service_names_.begin(), service_names_.end(), service) != service_names_.end();
}

absl::Status Dispatcher::NotFound(std::string_view method) const {
  std::string_view why = "this server has no such service";
  if (HasServiceOf(method)) why = "its service exists on this server, but has no such method";
  if (!IsMethodName(method)) why = "it must be package.Service/Method";
  return absl::UnimplementedError(
      absl::StrCat("no method \"", internal::VisibleBeginning(method), "\": ", base::ToAbsl(why)));
}

}  // namespace piperpc::server
