// proxy FROM TO: passes all calls at FROM on to TO, until its standard input ends.
#include <chrono>
#include <iostream>

#include "piperpc/endpoint.h"
#include "piperpc/io_thread.h"
#include "piperpc/server.h"
#include "proxy.h"

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: proxy FROM TO\n";
    return 2;
  }
  const auto from = piperpc::Endpoint::Parse(argv[1]);
  const auto to = piperpc::Endpoint::Parse(argv[2]);
  if (from.ok() && to.ok() && from->address() == to->address()) {
    std::cerr << "FROM and TO are both " << from->ToString() << ": the proxy would call itself\n";
    return 2;
  }
  const auto thread = piperpc::StartIoThread();  // One for the channels of all clients.
  const piperpc::ChannelOptions options{.io_thread = thread.ok() ? *thread : nullptr,
                                        .wait_for_ready = std::chrono::seconds(5)};
  const auto proxy = NewProxy(argv[2], options);
  piperpc::Server server;
  absl::Status status = thread.status();
  if (status.ok()) status = piperpc::CheckChannel(argv[2], options);
  if (status.ok()) status = server.AddCatchAll(*proxy);
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
