// thermostat_client ENDPOINT DEGREES: sets the target, and prints the server's metrics.
#include <chrono>
#include <iostream>
#include <string>

#include "piperpc/channel.h"
#include "piperpc/v1/stats.piperpc.h"
#include "thermostat/v1/thermostat.piperpc.h"

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  piperpc::ChannelOptions options;
  options.wait_for_ready = std::chrono::seconds(20);
  const auto channel = piperpc::Connect(argv[1], options);

  thermostat::v1::SetTargetRequest request;
  request.set_degrees(std::stoi(argv[2]));
  const auto response = thermostat::v1::ThermostatClient(channel).SetTarget(request);
  if (!response.ok()) {
    std::cerr << response.status() << "\n";
    return 1;
  }
  std::cout << "before: " << response->before() << "\n";

  const auto metrics = piperpc::v1::StatsClient(channel).GetPrometheusText({});
  if (!metrics.ok()) {
    std::cerr << metrics.status() << "\n";
    return 1;
  }
  std::cout << metrics->text();
}
