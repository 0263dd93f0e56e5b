// The services that every server should have: piperpc.v1.HealthService and
// piperpc.v1.ReflectionService.
//
//     piperpc::BuiltinServices builtin;
//     piperpc::Server server;
//     ... AddService() of one's own ...
//     absl::Status status = builtin.AddTo(server);
//
// Reflection tells clients, such as the piperpc command line, what the server serves. It knows the
// services whose generated code is linked in with descriptors (not those of lite messages); of
// those, only the ones that are registered, and what their .proto files import.
#pragma once

#include <memory>
#include <string_view>

#include "absl/status/status.h"
#include "piperpc/server.h"

namespace piperpc {

class BuiltinServices {
 public:
  BuiltinServices();
  ~BuiltinServices();
  BuiltinServices(const BuiltinServices&) = delete;
  BuiltinServices& operator=(const BuiltinServices&) = delete;

  // Adds both, before the server starts. Must outlive `server`, like every service. Once.
  absl::Status AddTo(Server& server);

  // What health says from now on: of `service` ("package.Service"), or of the server as a whole
  // when it is empty. Everything serves until told otherwise. Any thread.
  void SetServing(std::string_view service, bool serving);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace piperpc
