// The services that every server should have, piperpc.v1.HealthService and
// piperpc.v1.ReflectionService, and one for those who operate it, piperpc.v1.StatsService. The
// CMake target is piperpc::builtin.
//
//     piperpc::BuiltinServices builtin;
//     piperpc::Server server;
//     ... server.AddService() for your own services ...
//     absl::Status status = builtin.AddTo(server);
//
// Health tells clients whether the server, or one of its services, is ready. Reflection tells them,
// for example the piperpc command line, which services there are and what their messages look like.
// It describes the services that were added to the server, with all that their .proto files import,
// as far as their generated code has descriptors (lite messages have none). Stats, where it is
// asked for, tells operators who is connected, what was counted (ServerOptions::metrics), and the
// limits.
#pragma once

#include <memory>
#include <string_view>

#include "absl/status/status.h"
#include "piperpc/export.h"
#include "piperpc/server.h"

namespace piperpc {

struct BuiltinOptions {
  // Adds piperpc.v1.StatsService: whoever may call the server may see its metrics and limits, and
  // the connections of their own user; the server's user and root those of all.
  bool stats = false;
};

class PIPERPC_EXPORT BuiltinServices {
 public:
  explicit BuiltinServices(BuiltinOptions options = {});
  ~BuiltinServices();
  BuiltinServices(const BuiltinServices&) = delete;
  BuiltinServices& operator=(const BuiltinServices&) = delete;

  // Adds the services to `server`, which has not started yet and which this must outlive. Each
  // server needs an object of its own. ALREADY_EXISTS: this was added to a server before, or
  // `server` has a service of one of their names; nothing is added then. Otherwise as
  // Server::AddService().
  absl::Status AddTo(Server& server);

  // Sets whether `service` ("package.Service"), or the whole server when it is empty, is reported
  // as serving. Everything is, until set otherwise. May be called before Server::Start(), so that a
  // server starts without serving. Any thread, but not at the same time as AddTo() or
  // Server::AddService(), nor after the server's end.
  //   NOT_FOUND: no such service was added to the server; the text lists those that were.
  //   FAILED_PRECONDITION: AddTo() was not called yet, and `service` is not empty.
  absl::Status SetServing(std::string_view service, bool serving);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace piperpc
