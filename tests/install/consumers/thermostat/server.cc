// thermostat_server ENDPOINT: serves until its standard input ends; counts its calls.
#include "piperpc/server.h"

#include <chrono>
#include <iostream>
#include <memory>
#include <string>

#include "piperpc/builtin.h"
#include "piperpc/metrics.h"
#include "thermostat.h"

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  thermostat::v1::Thermostat thermostat;
  piperpc::BuiltinServices builtin({.stats = true});
  piperpc::ServerOptions options;
  options.metrics = std::make_shared<piperpc::Metrics>();
  piperpc::Server server(options);
  absl::Status status = server.AddService(thermostat);
  if (status.ok()) status = builtin.AddTo(server);
  if (status.ok()) status = server.Start(argv[1]);
  if (!status.ok()) {
    std::cerr << status << "\n";
    return 1;
  }
  for (std::string line; std::getline(std::cin, line);) {
  }
  return server.Shutdown(std::chrono::seconds(5)).clean() ? 0 : 1;
}
