// Tests of the service, and of code that calls it, with piperpc::testing.
#include "greeter.h"

#include <gmock/gmock.h>

#include <chrono>
#include <future>
#include <string>
#include <vector>

#include "greeter/v1/greeter.piperpc.mock.h"
#include "piperpc/testing/fake_clock.h"
#include "piperpc/testing/fake_server_context.h"
#include "piperpc/testing/fake_stream.h"
#include "piperpc/testing/in_process_server.h"
#include "piperpc/testing/matchers.h"

namespace greeter::v1 {
namespace {

using piperpc::testing::FakeClock;
using piperpc::testing::FakeServerContext;
using piperpc::testing::FakeStream;
using piperpc::testing::FaultInjector;
using piperpc::testing::InProcess;
using piperpc::testing::IsOk;
using piperpc::testing::IsOkAndHolds;
using piperpc::testing::StatusIs;
using ::testing::_;
using ::testing::ElementsAre;
using ::testing::Property;
using ::testing::Return;
using ::testing::SizeIs;

GreetRequest To(const std::string& name) {
  GreetRequest request;
  request.set_name(name);
  return request;
}

// --- The service, through a server and a client. ---

TEST(Greeter, Greets) {
  Greeter service;
  InProcess<GreeterClient> greeter(service);
  EXPECT_THAT(greeter->Greet(To("Ana")),
              IsOkAndHolds(Property(&GreetResponse::greeting, "Hello, Ana!")));
}

TEST(Greeter, AsksForAName) {
  Greeter service;
  InProcess<GreeterClient> greeter(service);
  EXPECT_THAT(greeter->Greet(To("")), StatusIs(absl::StatusCode::kInvalidArgument, "whom?"));
}

// --- One handler, without a server. ---

TEST(Greeter, GreetsManyTimes) {
  Greeter greeter;
  GreeterService& service = greeter;  // There, handlers are public.
  GreetManyRequest request;
  request.set_name("Ana");
  request.set_times(3);
  FakeServerContext context;
  const auto replies = context.Run(service.CoGreetMany(context, request));
  EXPECT_THAT(replies.messages, SizeIs(3));
  EXPECT_THAT(replies.status, IsOk());
}

// --- Code that calls the service, with a mock of its client. ---

// Stands for such code: it takes the interface.
std::vector<std::string> GreetAll(GreeterClientInterface& greeter,
                                  const std::vector<std::string>& names) {
  std::vector<std::string> greetings;
  for (const std::string& name : names) {
    const auto response = greeter.Greet(To(name));
    greetings.push_back(response.ok() ? response->greeting() : "nobody greets " + name);
  }
  return greetings;
}

TEST(GreetAll, GoesOnAfterAnError) {
  MockGreeterClient greeter;
  EXPECT_CALL(greeter, Greet(Property(&GreetRequest::name, "Ana"), _))
      .WillOnce(Return(absl::UnavailableError("gone")));
  EXPECT_CALL(greeter, Greet(Property(&GreetRequest::name, "Rui"), _))
      .WillOnce(Return(Greeting("Rui")));
  EXPECT_THAT(GreetAll(greeter, {"Ana", "Rui"}), ElementsAre("nobody greets Ana", "Hello, Rui!"));
}

// The same for a stream.
int CountGreetings(GreeterClientInterface& greeter) {
  int count = 0;
  auto greetings = greeter.GreetMany({});
  while (greetings.Next().has_value()) ++count;
  return greetings.status().ok() ? count : -1;
}

TEST(CountGreetings, CountsNothingOfAStreamThatFails) {
  FakeStream<GreetManyRequest, GreetResponse> stream;
  stream.Reply(Greeting("Ana"));
  stream.End(absl::DataLossError("lost"));
  MockGreeterClient greeter;
  EXPECT_CALL(greeter, GreetMany).WillOnce(Return(stream.reader()));
  EXPECT_EQ(CountGreetings(greeter), -1);
}

// --- What can go wrong between them. ---

TEST(Connection, IsMadeAgainAfterItWasLost) {
  Greeter service;
  InProcess<GreeterClient> greeter(service);
  ASSERT_THAT(greeter.channel()->WaitUntilReady(std::chrono::minutes(1)), IsOk());
  greeter.faults().Cut(FaultInjector::From::kServer);
  EXPECT_THAT(greeter->Greet(To("Ana")), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(greeter->Greet(To("Ana")), IsOk());
}

TEST(Connection, IsGivenUpAtTheDeadline) {
  Greeter service;
  FakeClock clock;
  InProcess<GreeterClient> greeter(service, {.clock = &clock});
  ASSERT_THAT(greeter.channel()->WaitUntilReady(std::chrono::hours(1)), IsOk());
  greeter.faults().Drop(FaultInjector::From::kServer);
  auto reply = std::async(std::launch::async, [&] {
    return greeter->Greet(To("Ana"), {.timeout = std::chrono::hours(1)});
  });
  EXPECT_TRUE(clock.AdvanceUntil(
      [&] { return reply.wait_for(std::chrono::seconds(0)) == std::future_status::ready; },
      std::chrono::minutes(10)));
  EXPECT_THAT(reply.get(), StatusIs(absl::StatusCode::kDeadlineExceeded));
}

}  // namespace
}  // namespace greeter::v1
