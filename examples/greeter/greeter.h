// The service itself.
#pragma once

#include <string>

#include "greeter/v1/greeter.piperpc.h"

namespace greeter::v1 {

inline GreetResponse Greeting(const std::string& name) {
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

}  // namespace greeter::v1
