// The table from "package.Service/Method" to who handles it. Filled before the server starts, read
// by all its loops after that.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "piperpc/service.h"
#include "src/metrics/registry.h"

namespace piperpc {
class CatchAllService;
}

namespace piperpc::server {

// A row of the catch-all service, with the name that one call has.
struct NamedMethod {
  NamedMethod(const Method& of_any_name, std::string_view called) : name(called), row(of_any_name) {
    row.name = name;
  }
  NamedMethod(const NamedMethod&) = delete;
  NamedMethod& operator=(const NamedMethod&) = delete;

  const std::string name;
  Method row;
};

class Dispatcher {
 public:
  struct Entry {
    const Method* method;
    Service* service;
    metrics::MethodCounters* counters;  // Null: nobody counts.
  };

  // `registry`: where calls are counted, and outlives it; null: nowhere.
  explicit Dispatcher(metrics::Registry* registry = nullptr) : registry_(registry) {}

  // ALREADY_EXISTS: the service, or one of its methods, is in the table, or a method is in it
  // twice; INVALID_ARGUMENT: a method with no handler, an empty name, or one that cannot be on the
  // wire.
  absl::Status Add(Service& service);

  // ALREADY_EXISTS: there is one; INVALID_ARGUMENT: one of its handlers is missing.
  absl::Status AddCatchAll(CatchAllService& service);

  // Null when there is no such method.
  const Entry* Find(std::string_view method) const;

  // Who takes a call of `method`, which Find() has not found; its row has no name. Null: nobody, as
  // there is no catch-all service, its service is in the table, or it is not of the form
  // "package.Service/Method".
  const Entry* FindCatchAll(std::string_view method, bool one_request) const;

  // "package.Service/Method", of identifiers as protobuf has them. Whoever calls may have sent
  // anything else.
  static bool IsMethodName(std::string_view name);

  // UNIMPLEMENTED: tells whether it is the service or the method that is not there.
  absl::Status NotFound(std::string_view method) const;

  const std::vector<std::string>& service_names() const { return service_names_; }

 private:
  bool HasServiceOf(std::string_view method) const;

  metrics::Registry* const registry_;
  std::map<std::string, Entry, std::less<>> entries_;
  std::vector<std::string> service_names_;
  std::array<Entry, 2> catch_all_{};  // One request, a stream of them. Nulls: there is none.
};

}  // namespace piperpc::server
