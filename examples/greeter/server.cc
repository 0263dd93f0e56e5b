// greeter_server ENDPOINT: greets until its standard input ends.
#include "piperpc/server.h"

#include <chrono>
#include <iostream>
#include <string>

#include "greeter.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: greeter_server ENDPOINT\n";
    return 2;
  }
  greeter::v1::Greeter greeter;
  piperpc::Server server;
  absl::Status status = server.AddService(greeter);
  if (status.ok()) status = server.Start(argv[1]);
  if (!status.ok()) {
    std::cerr << status << "\n";
    return 1;
  }
  std::cout << "ready; end with Ctrl-D" << std::endl;
  for (std::string line; std::getline(std::cin, line);) {
  }
  return server.Shutdown(std::chrono::seconds(5)).clean() ? 0 : 1;
}
