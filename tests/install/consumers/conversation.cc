#include "conversation.h"

#include <iostream>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "greeter/v1/greeter.piperpc.h"
#include "piperpc/async.h"
#include "piperpc/builtin.h"
#include "piperpc/in_process.h"
#include "piperpc/raw_client.h"
#include "piperpc/server.h"

namespace {

using greeter::v1::GreeterClient;
using greeter::v1::GreetRequest;
using greeter::v1::GreetResponse;

GreetRequest Named(std::string_view name) {
  GreetRequest request;
  request.set_name(std::string(name));
  return request;
}

GreetResponse Hello(const GreetRequest& request) {
  GreetResponse response;
  response.set_greeting("Hello, " + request.name() + "!");
  return response;
}

class Greeter final : public greeter::v1::GreeterService {
  absl::StatusOr<GreetResponse> Greet(piperpc::ServerContext&,
                                      const GreetRequest& request) override {
    if (request.name().empty()) throw std::invalid_argument("whom?");
    return Hello(request);
  }

  piperpc::Stream<GreetResponse> CoGreetOften(piperpc::ServerContext&,
                                              GreetRequest request) override {
    const GreetResponse hello = Hello(request);
    co_yield hello;
    co_yield hello;
  }

  piperpc::Task<absl::StatusOr<GreetResponse>> CoGreetAll(
      piperpc::ServerContext&, piperpc::CoReader<GreetRequest> reader) override {
    GreetRequest all;
    for (bool more = true; more;) {
      auto next = reader.CoNext();
      const std::optional<GreetRequest> request = co_await next;
      more = request.has_value();
      if (more) all.set_name(all.name() + request->name());
    }
    co_return Hello(all);
  }

  absl::Status GreetEach(piperpc::ServerContext&, piperpc::Reader<GreetRequest>& reader,
                         piperpc::Writer<GreetResponse>& writer) override {
    while (const std::optional<GreetRequest> request = reader.Next()) writer.Write(Hello(*request));
    return absl::OkStatus();
  }
};

// Prints what is not as expected, and counts it.
class Checks {
 public:
  void Equal(std::string_view what, std::string_view actual, std::string_view expected) {
    if (actual == expected) return;
    std::cerr << what << ": \"" << actual << "\" instead of \"" << expected << "\"\n";
    ++faults_;
  }
  int faults() const { return faults_; }

 private:
  int faults_ = 0;
};

std::string TextOf(const absl::StatusOr<GreetResponse>& response) {
  return response.ok() ? response->greeting()
                       : std::string(absl::StatusCodeToString(response.status().code()));
}

void CallOnce(GreeterClient& client, Checks& checks) {
  checks.Equal("blocking", TextOf(client.Greet(Named("Ana"))), "Hello, Ana!");
  checks.Equal("coroutine", TextOf(piperpc::SyncWait(client.CoGreet(Named("Ana")))), "Hello, Ana!");
  checks.Equal("a handler that throws", TextOf(client.Greet(Named(""))), "INTERNAL");
  checks.Equal("without a login", TextOf(client.GreetUser(Named("Ana"))), "UNAUTHENTICATED");
}

void CallStreams(GreeterClient& client, Checks& checks) {
  std::string often;
  auto greetings = client.GreetOften(Named("Ana"));
  while (const std::optional<GreetResponse> each = greetings.Next()) often += each->greeting();
  checks.Equal("a stream of replies", often, "Hello, Ana!Hello, Ana!");

  auto all = client.GreetAll();
  all.Write(Named("Ana"));
  all.Write(Named("Rui"));
  checks.Equal("a stream of requests", TextOf(all.Finish()), "Hello, AnaRui!");

  auto each = client.GreetEach();
  each.Write(Named("Rui"));
  each.WritesDone();
  const std::optional<GreetResponse> reply = each.Next();
  checks.Equal("both", reply.has_value() ? reply->greeting() : "nothing", "Hello, Rui!");
}

void CallBuiltin(const std::shared_ptr<piperpc::Channel>& channel, Checks& checks) {
  const piperpc::RawClient raw(channel);
  const absl::StatusOr<piperpc::RawMessage> health =
      raw.Unary("piperpc.v1.HealthService/Check", {});
  checks.Equal("health", absl::StatusCodeToString(health.status().code()), "OK");
}

}  // namespace

int Converse() {
  const auto in_process = piperpc::NewInProcessTransport();
  Greeter greeter;
  piperpc::BuiltinServices builtin;
  piperpc::Server server({.transport = in_process.get()});
  absl::Status status = server.AddService(greeter);
  if (status.ok()) status = builtin.AddTo(server);
  if (status.ok()) status = server.Start("greeter");
  if (!status.ok()) {
    std::cerr << status << "\n";
    return 1;
  }
  const auto channel = piperpc::Connect("greeter", {.transport = in_process.get()});
  GreeterClient client(channel);
  Checks checks;
  CallOnce(client, checks);
  CallStreams(client, checks);
  CallBuiltin(channel, checks);
  return checks.faults() == 0 ? 0 : 1;
}
