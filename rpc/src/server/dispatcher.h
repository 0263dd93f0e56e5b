// The table from "package.Service/Method" to who handles it. Filled before the server starts, read
// by all its loops after that.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "piperpc/service.h"

namespace piperpc::server {

class Dispatcher {
 public:
  struct Entry {
    const Method* method;
    Service* service;
  };

  // ALREADY_EXISTS: the service, or one of its methods, is in the table; INVALID_ARGUMENT: a method
  // with no handler or a name that cannot be on the wire.
  absl::Status Add(Service& service);

  // Null when there is no such method.
  const Entry* Find(std::string_view method) const;

  // UNIMPLEMENTED: tells whether it is the service or the method that is not there.
  absl::Status NotFound(std::string_view method) const;

  const std::vector<std::string>& service_names() const { return service_names_; }

 private:
  std::map<std::string, Entry, std::less<>> entries_;
  std::vector<std::string> service_names_;
};

}  // namespace piperpc::server
