// The services that every server should have: piperpc.v1.HealthService and
// piperpc.v1.ReflectionService. The CMake target is piperpc::builtin.
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

  // Adds both, before the server starts. Must outlive `server`, like every service. An object
  // speaks for one server: ALREADY_EXISTS when it has been added, to whichever server, or when the
  // server has a service of one of the two names; nothing is added then. Other errors are those of
  // Server::AddService().
  absl::Status AddTo(Server& server);

  // What health says from now on: of `service` ("package.Service"), or of the server as a whole
  // when it is empty. Everything serves until told otherwise. Before Start() as after it, so that a
  // server can start without serving. Known are the services that have been added so far:
  // NOT_FOUND names them. Before AddTo() none is, but for the server as a whole:
  // FAILED_PRECONDITION. Any thread, but not beside AddTo() or Server::AddService(),
  // nor after the server's end.
  absl::Status SetServing(std::string_view service, bool serving);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace piperpc
