// What the suite wants of every server.
#pragma once

#include <chrono>
#include <cstdio>
#include <string>
#include <thread>

#include "piperpc/server.h"

namespace suite {

// Serves at `endpoint`, in place of what was there, says READY when clients can connect, and goes
// on until it is killed. Returns, with an exit code, only when it cannot.
inline int Serve(piperpc::Service& service, const std::string& endpoint,
                 const piperpc::ServerOptions& options = {}) {
  std::remove(endpoint.c_str());
  piperpc::Server server(options);
  absl::Status status = server.AddService(service);
  if (status.ok()) status = server.Start(endpoint);
  if (!status.ok()) {
    std::fprintf(stderr, "%s\n", status.ToString().c_str());
    return 1;
  }
  std::puts("READY");
  std::fflush(stdout);
  while (true) std::this_thread::sleep_for(std::chrono::hours(1));
}

}  // namespace suite
