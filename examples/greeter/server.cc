// greeter_server ENDPOINT: greets until its standard input ends.
#include "piperpc/server.h"

#include <chrono>
#include <iostream>
#include <string>

#include "greeter/v1/greeter.piperpc.h"

using namespace greeter::v1;

namespace {

GreetResponse Greeting(const std::string& name) {
  GreetResponse response;
  response.set_greeting("Hello, " + name + "!");
  return response;
}

class Greeter final : public GreeterService {
  // A coroutine: runs on the event loop, and must not block.
  piperpc::Task<absl::StatusOr<GreetResponse>> CoGreet(piperpc::ServerContext&,
                                                       GreetRequest request) override {
    if (request.name().empty()) co_return absl::InvalidArgumentError("whom?");
    co_return Greeting(request.name());
  }

  // A plain function: runs on a worker thread. Write() waits while the client is slow.
  absl::Status GreetMany(piperpc::ServerContext&, const GreetManyRequest& request,
                         piperpc::Writer<GreetResponse>& writer) override {
    for (int i = 0; i < request.times(); ++i) {
      if (!writer.Write(Greeting(request.name()))) break;
    }
    return absl::OkStatus();
  }
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: greeter_server ENDPOINT\n";
    return 2;
  }
  Greeter greeter;
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
