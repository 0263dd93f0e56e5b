// What a test uses: a server and a client in the process, faults, a clock that it sets, a context.
#include <chrono>
#include <future>
#include <iostream>
#include <string>
#include <string_view>

#include "greeter/v1/greeter.piperpc.h"
#include "piperpc/async.h"
#include "piperpc/testing/fake_clock.h"
#include "piperpc/testing/fake_server_context.h"
#include "piperpc/testing/in_process_server.h"

namespace {

using greeter::v1::GreeterClient;
using greeter::v1::GreeterService;
using greeter::v1::GreetRequest;
using greeter::v1::GreetResponse;
using piperpc::testing::FakeClock;
using piperpc::testing::FaultInjector;
using piperpc::testing::InProcess;
using std::chrono::hours;

// "nap" sleeps for an hour first.
class Greeter final : public GreeterService {
  piperpc::Task<absl::StatusOr<GreetResponse>> CoGreet(piperpc::ServerContext& context,
                                                       GreetRequest request) override {
    if (request.name() == "nap") {
      auto nap = piperpc::Sleep(hours(1), context.stop_token());
      co_await nap;
    }
    GreetResponse response;
    response.set_greeting("Hello, " + request.name() + "!");
    co_return response;
  }
};

GreetRequest Named(std::string_view name) {
  GreetRequest request;
  request.set_name(std::string(name));
  return request;
}

int faults = 0;

void Expect(std::string_view what, bool right) {
  if (right) return;
  std::cerr << "not so: " << what << "\n";
  ++faults;
}

void LoseAConnection() {
  Greeter service;
  InProcess<GreeterClient> greeter(service);
  Expect("a call", greeter->Greet(Named("Ana")).ok());
  greeter.faults().Cut(FaultInjector::From::kServer);
  Expect("a call whose connection is lost",
         absl::IsUnavailable(greeter->Greet(Named("Ana")).status()));
  Expect("a call after it", greeter->Greet(Named("Ana")).ok());
}

void LetTimePass() {
  Greeter service;
  FakeClock clock;
  InProcess<GreeterClient> greeter(service, {.clock = &clock});
  auto reply = std::async(std::launch::async,
                          [&] { return greeter->Greet(Named("nap"), {.timeout = hours(2)}); });
  Expect("an hour that passes at once",
         clock.AdvanceUntil(
             [&] { return reply.wait_for(std::chrono::seconds(0)) == std::future_status::ready; },
             std::chrono::minutes(10)));
  Expect("a call that takes an hour", reply.get().ok());
}

void RunOneHandler() {
  Greeter greeter;
  GreeterService& service = greeter;
  piperpc::testing::FakeServerContext context;
  const auto reply = context.Run(service.CoGreet(context, Named("Ana")));
  Expect("a handler by itself", reply.ok() && reply->greeting() == "Hello, Ana!");
}

}  // namespace

int main() {
  LoseAConnection();
  LetTimePass();
  RunOneHandler();
  return faults == 0 ? 0 : 1;
}
