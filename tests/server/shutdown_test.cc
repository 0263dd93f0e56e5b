#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <future>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "server/server_fixture.h"
#include "support/eventually.h"
#include "support/journal.h"

namespace piperpc::testing {
namespace {

using std::chrono::milliseconds;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using wire::FrameKind;

class Shutdown : public ServerFixture {
 protected:
  void SetUp() override { Start(); }

  // Starts another server, with that service, and connects to it.
  WireClient ConnectTo(Server& server, Service& service) {
    return WireClient(transport(), StartOther(server, service));
  }
  std::string StartOther(Server& server, Service& service) {
    const std::string endpoint = UniqueEndpoint();
    EXPECT_TRUE(server.AddService(service).ok());
    EXPECT_TRUE(server.Start(endpoint).ok());
    return endpoint;
  }

  static void ExpectRefused(const absl::Status& status, const char* text) {
    EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(text));
  }
};

TEST_F(Shutdown, OfAServerThatNeverStartedIsClean) {
  Server server;
  EXPECT_TRUE(server.Shutdown(milliseconds(0)).clean());
}

TEST_F(Shutdown, BeforeStartMakesThatImpossible) {
  Server server({.transport = &transport()});
  EXPECT_TRUE(server.Shutdown(milliseconds(0)).clean());
  ExpectRefused(server.Start(UniqueEndpoint()), "has been shut down");
  ExpectRefused(server.AddService(service_.service()), "has been shut down");
}

TEST_F(Shutdown, BesideStartComesBeforeItOrAfter) {
  for (int i = 0; i < 20; ++i) {
    Server server({.transport = &transport()});
    std::thread starting([&] {
      const absl::Status status = server.Start(UniqueEndpoint());
      EXPECT_TRUE(status.ok() || absl::IsFailedPrecondition(status)) << status;
    });
    server.stats();
    EXPECT_TRUE(server.Shutdown(milliseconds(0)).clean());
    starting.join();
  }
}

TEST_F(Shutdown, IsWaitedForByAnyNumberOfThreads) {
  const auto wait = [this] { return server_->Wait(); };
  std::future<absl::Status> first = std::async(std::launch::async, wait);
  std::future<absl::Status> second = std::async(std::launch::async, wait);
  // They have not come back, however long a client is served.
  WireClient client = Connect();
  client.Send({EncodedHello(), EncodedRequest(1, "test.v1.Test/Echo", "x")});
  EXPECT_EQ(client.NextAfterHello().payload, "x");
  EXPECT_EQ(first.wait_for(milliseconds(0)), std::future_status::timeout);
  EXPECT_TRUE(server_->Shutdown(milliseconds(20'000)).clean());
  EXPECT_TRUE(first.get().ok());
  EXPECT_TRUE(second.get().ok());
  EXPECT_TRUE(server_->Wait().ok());
}

// The hook of the first one runs when the second one has returned: who waits still waits then.
TEST_F(Shutdown, IsWaitedForUntilEveryThreadInItHasReturned) {
  for (int round = 0; round < 20; ++round) {
    Journal journal;
    std::promise<void> stopped, go_on;
    const auto server = std::make_unique<Server>(ServerOptions{.log =
                                                                   [&](const LogRecord& record) {
                                                                     if (record.event != "stopped")
                                                                       return;
                                                                     stopped.set_value();
                                                                     go_on.get_future().wait();
                                                                     journal.Add("stopped");
                                                                   },
                                                               .transport = &transport()});
    ASSERT_TRUE(server->Start(UniqueEndpoint()).ok());
    auto first = std::async(std::launch::async, [&] { server->Shutdown(milliseconds(0)); });
    stopped.get_future().wait();
    server->Shutdown(milliseconds(0));
    auto waiter = std::async(std::launch::async, [&] {
      EXPECT_TRUE(server->Wait().ok());
      journal.Add("waited");
    });
    go_on.set_value();
    first.wait();
    EXPECT_THAT(journal.Lines(2), ::testing::ElementsAre("stopped", "waited"));
  }
}

TEST_F(Shutdown, IsNotWaitedForOnAThreadOfTheServer) {
  RawService service("s.S");
  std::optional<Server> server(std::in_place, ServerOptions{.transport = &transport()});
  service.AddUnary("Wait", [&](ServerContext&, RawMessage) -> Task<RawResult> {
    const absl::Status status = server->Wait();
    co_return status;
  });
  WireClient client = ConnectTo(*server, service);
  client.Send({EncodedHello(), EncodedRequest(1, "s.S/Wait", "")});
  ExpectRefused(client.NextAfterHello().status, "another thread");
}

TEST_F(Shutdown, OnAThreadOfTheServerIsRefusedAndALaterOneWorks) {
  RawService service("s.S");
  std::optional<Server> server(std::in_place, ServerOptions{.transport = &transport()});
  const auto shut_down = [&server] { return server->Shutdown(milliseconds(20'000)).status; };
  service.AddUnary("Loop", [&](ServerContext&, RawMessage) -> Task<RawResult> {
    const absl::Status status = shut_down();
    co_return status;
  });
  service.AddUnary("Worker", [&](ServerContext& context, RawMessage) -> Task<RawResult> {
    auto work = RunBlocking(context.workers(), [&]() -> RawResult { return shut_down(); });
    RawResult result = co_await work;
    co_return result;
  });
  WireClient client = ConnectTo(*server, service);
  client.Send({EncodedHello(), EncodedRequest(1, "s.S/Loop", "")});
  ExpectRefused(client.NextAfterHello().status, "another thread");
  client.Send({EncodedRequest(2, "s.S/Worker", "")});
  ExpectRefused(client.NextAfterHello().status, "another thread");
  EXPECT_TRUE(server->Shutdown(milliseconds(20'000)).clean());
  server.reset();
}

TEST_F(Shutdown, WithTheLongestGraceWaitsForTheCalls) {
  WireClient client = Connect();
  client.Send({EncodedHello(), EncodedRequest(1, "test.v1.Test/Stubborn", "")});
  ASSERT_TRUE(service_.entered.WaitFor(1));
  std::thread ending([&] { EXPECT_TRUE(server_->Shutdown(milliseconds::max()).clean()); });
  EXPECT_EQ(client.NextAfterHello().kind, FrameKind::kGoaway);
  service_.release.Set();
  EXPECT_EQ(client.NextAfterHello().payload, "released");
  ending.join();
}

TEST_F(Shutdown, TellsIdleClientsAndClosesThem) {
  WireClient client = Connect();
  client.Send({EncodedHello(), EncodedRequest(1, "test.v1.Test/Echo", "x")});
  client.NextAfterHello();
  std::thread ending([&] { EXPECT_TRUE(server_->Shutdown(milliseconds(20'000)).clean()); });
  EXPECT_TRUE(client.Goaway().ok());
  ending.join();
}

// Blocks the loop that it runs on.
class BlockingLoop {
 public:
  explicit BlockingLoop(std::string name = "b.B") : service_(std::move(name)) {
    service_.AddUnary("Block", [this](ServerContext&, RawMessage) -> Task<RawResult> {
      entered.Add();
      released_.wait();
      co_return RawMessage{"released"};
    });
  }
  RawService& service() { return service_; }
  void Release() { release_.set_value(); }

  Counter entered;

 private:
  std::promise<void> release_;
  std::shared_future<void> released_ = release_.get_future().share();
  RawService service_;
};

TEST_F(Shutdown, IsBoundedWhereAHandlerBlocksItsLoopAndNamesTheLoop) {
  BlockingLoop blocking;
  const std::string endpoint = UniqueEndpoint();
  std::optional<Server> server(std::in_place, ServerOptions{.transport = &transport()});
  ASSERT_TRUE(server->AddService(blocking.service()).ok());
  ASSERT_TRUE(server->Start(endpoint).ok());
  WireClient client(transport(), endpoint);
  client.Send({EncodedHello(), EncodedRequest(1, "b.B/Block", "")});
  ASSERT_TRUE(blocking.entered.WaitFor(1));
  std::future<ShutdownReport> ending =
      std::async(std::launch::async, [&] { return server->Shutdown(milliseconds(1)); });
  const bool in_time = ending.wait_for(std::chrono::seconds(60)) == std::future_status::ready;
  blocking.Release();
  ASSERT_TRUE(in_time);
  const ShutdownReport report = ending.get();
  EXPECT_THAT(report.blocked, ElementsAre(HasSubstr("event loop 1 of 1")));
  EXPECT_FALSE(report.clean());
  server.reset();
}

// One of three loops is blocked to the end, one until the server has aborted the calls of the
// third.
TEST_F(Shutdown, TellsLoopsThatWereBlockedBeyondTheGraceFromThoseThatStillAre) {
  BlockingLoop ever("ever.B"), late("late.B");
  TestService stubborn;
  std::optional<Server> server(std::in_place,
                               ServerOptions{.event_loops = 3, .transport = &transport()});
  ASSERT_TRUE(server->AddService(ever.service()).ok());
  ASSERT_TRUE(server->AddService(late.service()).ok());
  const std::string endpoint = StartOther(*server, stubborn.service());
  WireClient first(transport(), endpoint);
  WireClient second(transport(), endpoint);
  WireClient third(transport(), endpoint);
  for (WireClient* const client : {&first, &second, &third}) {  // The first loop takes clients.
    client->Send({EncodedHello()});
    ASSERT_EQ(client->Next()->kind, FrameKind::kHello);
  }
  first.Send({EncodedRequest(1, "ever.B/Block", "")});
  ASSERT_TRUE(ever.entered.WaitFor(1));
  second.Send({EncodedRequest(1, "late.B/Block", "")});
  ASSERT_TRUE(late.entered.WaitFor(1));
  third.Send({EncodedRequest(1, "test.v1.Test/Stubborn", "")});
  ASSERT_TRUE(stubborn.entered.WaitFor(1));
  std::future<ShutdownReport> ending =
      std::async(std::launch::async, [&] { return server->Shutdown(milliseconds(1)); });
  EXPECT_EQ(third.NextAfterHello().kind, FrameKind::kGoaway);
  EXPECT_TRUE(absl::IsUnavailable(third.NextAfterHello().status));
  late.Release();
  const ShutdownReport report = ending.get();
  ever.Release();
  EXPECT_FALSE(report.clean());
  EXPECT_THAT(report.stopped, ElementsAre());
  EXPECT_THAT(report.aborted, ElementsAre(HasSubstr("test.v1.Test/Stubborn")));
  EXPECT_THAT(report.blocked, Contains(HasSubstr("event loop 1 of 3, with 1 calls: blocked")));
  EXPECT_EQ(report.blocked.size() + report.delayed.size(), 2u);
  // On a slow machine nobody may wait for it any more when it looks up.
  if (report.blocked.size() == 1) {
    EXPECT_THAT(report.delayed, ElementsAre("event loop 2 of 3, with 1 calls: was blocked when its "
                                            "calls were to end"));
  }
  server.reset();
}

TEST_F(Shutdown, IsBoundedWhereAWorkerRunsWhatNoCallWaitsFor) {
  std::promise<void> release;
  std::shared_future<void> released = release.get_future().share();
  RawService service("w.W");
  service.AddUnary("Leave", [&](ServerContext& context, RawMessage) -> Task<RawResult> {
    const absl::Status status = context.workers().Run([released] { released.wait(); });
    if (!status.ok()) co_return status;
    co_return RawMessage{};
  });
  std::optional<Server> server(std::in_place, ServerOptions{.transport = &transport()});
  WireClient client = ConnectTo(*server, service);
  client.Send({EncodedHello(), EncodedRequest(1, "w.W/Leave", "")});
  EXPECT_TRUE(client.NextAfterHello().status.ok());
  std::future<ShutdownReport> ending =
      std::async(std::launch::async, [&] { return server->Shutdown(milliseconds(1)); });
  const bool in_time = ending.wait_for(std::chrono::seconds(60)) == std::future_status::ready;
  release.set_value();
  ASSERT_TRUE(in_time);
  EXPECT_THAT(ending.get().blocked, ElementsAre(HasSubstr("worker threads")));
  server.reset();
}

TEST_F(Shutdown, InAHandlerThatRunsBeforeStartHasReturnedIsRefused) {
  std::optional<Server> server;
  Counter refused;
  RawService service("s.S");
  service.AddUnary("Down", [&](ServerContext&, RawMessage) -> Task<RawResult> {
    ExpectRefused(server->Shutdown(milliseconds(20'000)).status, "on a thread of the server");
    ExpectRefused(server->AddService(service), "on a thread of the server");
    ExpectRefused(server->Start(UniqueEndpoint()), "on a thread of the server");
    refused.Add();
    co_return RawMessage{};
  });
  const std::string endpoint = UniqueEndpoint();
  // Clients can connect, and Start() has not returned: it waits here for one that is served.
  server.emplace(
      ServerOptions{.log =
                        [&](const LogRecord& record) {
                          if (record.event != "listening") return;
                          WireClient client(transport(), endpoint);
                          client.Send({EncodedHello(), EncodedRequest(1, "s.S/Down", "")});
                          EXPECT_TRUE(refused.WaitFor(1));
                          EXPECT_TRUE(client.NextAfterHello().status.ok());
                        },
                    .transport = &transport()});
  ASSERT_TRUE(server->AddService(service).ok());
  EXPECT_TRUE(server->Start(endpoint).ok());
  EXPECT_TRUE(server->Shutdown(milliseconds(20'000)).clean());
  server.reset();
}

TEST_F(Shutdown, LetsCallsInFlightEnd) {
  WireClient client = Connect();
  client.Send({EncodedHello(), EncodedRequest(1, "test.v1.Test/Stubborn", "")});
  ASSERT_TRUE(service_.entered.WaitFor(1));
  std::thread ending([&] { EXPECT_TRUE(server_->Shutdown(milliseconds(20'000)).clean()); });
  EXPECT_EQ(client.NextAfterHello().kind, FrameKind::kGoaway);
  service_.release.Set();
  EXPECT_EQ(client.NextAfterHello().payload, "released");
  ending.join();
}

TEST_F(Shutdown, StopsCallsWhenTheGraceIsOver) {
  WireClient client = Connect();
  client.Send({EncodedHello(), EncodedRequest(1, "test.v1.Test/Wait", "")});
  ASSERT_TRUE(service_.entered.WaitFor(1));
  const ShutdownReport report = server_->Shutdown(milliseconds(10));
  EXPECT_THAT(report.stopped, ElementsAre(HasSubstr("test.v1.Test/Wait")));
  EXPECT_THAT(report.aborted, ElementsAre());
  EXPECT_FALSE(report.clean());
  EXPECT_TRUE(service_.stopped.WaitFor(1));
  EXPECT_EQ(client.NextAfterHello().kind, FrameKind::kGoaway);
  EXPECT_TRUE(absl::IsUnavailable(client.NextAfterHello().status));
}

// Its handler does not look at the stop token, and ends shortly after; the caller does not get what
// it gives.
TEST_F(Shutdown, NamesACallWhoseResultCameTooLate) {
  RawService service("s.S");
  Counter entered;
  service.AddUnary("Late", [&](ServerContext& context, RawMessage) -> Task<RawResult> {
    const std::stop_token stop = context.stop_token();
    auto work = RunBlocking(context.workers(), [&entered, stop]() -> RawResult {
      entered.Add();
      while (!stop.stop_requested()) std::this_thread::yield();
      return RawMessage{"too late"};
    });
    RawResult result = co_await work;
    co_return result;
  });
  std::optional<Server> server(std::in_place, ServerOptions{.transport = &transport()});
  WireClient client = ConnectTo(*server, service);
  client.Send({EncodedHello(), EncodedRequest(1, "s.S/Late", "")});
  ASSERT_TRUE(entered.WaitFor(1));
  const ShutdownReport report = server->Shutdown(milliseconds(1));
  EXPECT_THAT(report.stopped, ElementsAre(HasSubstr("s.S/Late")));
  EXPECT_FALSE(report.clean());
  EXPECT_EQ(client.NextAfterHello().kind, FrameKind::kGoaway);
  EXPECT_TRUE(absl::IsUnavailable(client.NextAfterHello().status));
  server.reset();
}

// A handler that goes on until somebody ends it.
class WatchService {
 public:
  WatchService() : service_("w.W") {
    service_.AddUnary("Watch", [this](ServerContext& context, RawMessage) -> Task<RawResult> {
      AsyncEvent never;
      entered.Add();
      co_await never.Wait(context.drain_token());
      const absl::Status status =
          context.stop_token().stop_requested()
              ? absl::AbortedError("stopped")
              : absl::UnavailableError("the server goes away, and this handler with it");
      co_return status;
    });
  }
  RawService& service() { return service_; }

  Counter entered;

 private:
  RawService service_;
};

TEST_F(Shutdown, IsWhenAHandlerThatWaitsForItEnds) {
  WatchService watch;
  std::optional<Server> server(std::in_place, ServerOptions{.transport = &transport()});
  WireClient client = ConnectTo(*server, watch.service());
  client.Send({EncodedHello(), EncodedRequest(1, "w.W/Watch", "")});
  ASSERT_TRUE(watch.entered.WaitFor(1));
  // For ever, if it did not end.
  EXPECT_TRUE(server->Shutdown(milliseconds::max()).clean());
  EXPECT_EQ(client.NextAfterHello().kind, FrameKind::kGoaway);
  EXPECT_THAT(std::string(client.NextAfterHello().status.message()), HasSubstr("goes away"));
  server.reset();
}

TEST_F(Shutdown, IsNotAwaitedByACallThatIsStopped) {
  WatchService watch;
  std::optional<Server> server(std::in_place, ServerOptions{.transport = &transport()});
  WireClient client = ConnectTo(*server, watch.service());
  client.Send({EncodedHello(), EncodedRequest(1, "w.W/Watch", ""),
               Encode({.kind = FrameKind::kCancel, .call_id = 1})});
  EXPECT_TRUE(absl::IsCancelled(client.NextAfterHello().status));
  server.reset();
}

TEST_F(Shutdown, OnTheLoopOfAnotherServerIsRefused) {
  Server other({.transport = &transport()});
  RawService service("s.S");
  service.AddUnary("Down", [&other](ServerContext&, RawMessage) -> Task<RawResult> {
    ExpectRefused(other.Wait(), "an event loop");
    const absl::Status status = other.Shutdown(milliseconds(20'000)).status;
    co_return status;
  });
  std::optional<Server> server(std::in_place, ServerOptions{.transport = &transport()});
  WireClient client = ConnectTo(*server, service);
  client.Send({EncodedHello(), EncodedRequest(1, "s.S/Down", "")});
  ExpectRefused(client.NextAfterHello().status, "an event loop");
  EXPECT_TRUE(other.Start(UniqueEndpoint()).ok());  // It was not shut down.
  server.reset();
}

TEST_F(Shutdown, NamesWhatItHadToAbort) {
  WireClient client = Connect();
  client.Send({EncodedHello(), EncodedRequest(1, "test.v1.Test/Stubborn", "")});
  ASSERT_TRUE(service_.entered.WaitFor(1));
  const ShutdownReport report = server_->Shutdown(milliseconds(10));
  EXPECT_THAT(report.aborted, ElementsAre(HasSubstr("test.v1.Test/Stubborn")));
}

constexpr std::size_t kLongReply = 4'000'000;  // More than what a pipe holds on any system.

std::string LongCall() { return EncodedRequest(1, "test.v1.Test/Big", std::to_string(kLongReply)); }

std::size_t ReadReply(WireClient& client) {
  std::size_t bytes = 0;
  for (;;) {
    const OwnedFrame frame = client.NextAfterHello();
    if (frame.kind == FrameKind::kGoaway) continue;
    if (frame.kind != FrameKind::kResponse) return bytes;  // Too few, then.
    bytes += frame.payload.size();
    if (bytes >= kLongReply) return bytes;
  }
}

std::string Goaway() {
  return Encode({.kind = FrameKind::kGoaway}, wire::EncodeGoaway({absl::OkStatus(), 0}));
}

TEST_F(Shutdown, GivesASlowReaderTheWholeGraceForItsReply) {
  WireClient staying = Connect();
  WireClient leaving = Connect();
  staying.Send({EncodedHello(), LongCall()});
  leaving.Send({EncodedHello(), LongCall(), Goaway()});
  ASSERT_TRUE(service_.entered.WaitFor(2));
  std::future<ShutdownReport> ending =
      std::async(std::launch::async, [&] { return server_->Shutdown(milliseconds(20'000)); });
  // Longer than what the end of a connection gets otherwise.
  EXPECT_EQ(ending.wait_for(transport::kDrainLimit * 3 / 2), std::future_status::timeout);
  EXPECT_EQ(ReadReply(staying), kLongReply);
  EXPECT_EQ(ReadReply(leaving), kLongReply);
  EXPECT_TRUE(ending.get().clean());
}

TEST_F(Shutdown, NamesAClientThatDoesNotReadItsReply) {
  WireClient staying = Connect();
  WireClient leaving = Connect();
  staying.Send({EncodedHello(), LongCall()});
  leaving.Send({EncodedHello(), LongCall(), Goaway()});
  ASSERT_TRUE(service_.entered.WaitFor(2));
  const ShutdownReport report = server_->Shutdown(milliseconds(1));
  EXPECT_THAT(report.aborted, ElementsAre());
  EXPECT_THAT(report.undelivered, ElementsAre(HasSubstr(" bytes"), HasSubstr(" bytes")));
  EXPECT_FALSE(report.clean());
}

// Also where it is closed inside the grace, because it has left its reply unread for too long.
TEST_F(Shutdown, NamesAClientThatDoesNotReadInsideTheGrace) {
  server_.reset();
  Start({.message_timeout = milliseconds(200)});
  WireClient client = Connect();
  client.Send({EncodedHello(), LongCall()});
  ASSERT_TRUE(service_.entered.WaitFor(1));
  const ShutdownReport report = server_->Shutdown(milliseconds(20'000));
  EXPECT_THAT(report.undelivered, ElementsAre(HasSubstr(" bytes")));
  EXPECT_FALSE(report.clean());
}

TEST_F(Shutdown, NamesNoClientThatWasCutOffBeforeIt) {
  server_.reset();
  Start({.output_queue_bytes = 2 * kLongReply});  // So that it reads on, and sees what ends this.
  {
    WireClient client = Connect();
    client.Send({EncodedHello(), LongCall(), EncodedRequest(2, "test.v1.Test/Wait", ""), Goaway()});
    ASSERT_TRUE(service_.entered.WaitFor(2));
    client.Send({"no frame"});
    ASSERT_TRUE(Eventually([this] { return server_->stats().connections == 0; }));
  }
  EXPECT_TRUE(server_->Shutdown(milliseconds(20'000)).clean());
}

TEST_F(Shutdown, FreesTheEndpointForTheNextServer) {
  server_->Shutdown(milliseconds(0));
  Server next({.transport = &transport()});
  ASSERT_TRUE(next.AddService(service_.service()).ok());
  EXPECT_TRUE(next.Start(endpoint_).ok());
}

TEST_F(Shutdown, TheSecondServerAtAnEndpointIsRefused) {
  Server next({.transport = &transport()});
  const absl::Status status = next.Start(endpoint_);
  EXPECT_TRUE(absl::IsAlreadyExists(status)) << status;
}

TEST_F(Shutdown, GivesEveryCallerTheSameReport) {
  WireClient client = Connect();
  client.Send({EncodedHello(), EncodedRequest(1, "test.v1.Test/Stubborn", "")});
  ASSERT_TRUE(service_.entered.WaitFor(1));
  const ShutdownReport first = server_->Shutdown(milliseconds(10));
  EXPECT_EQ(server_->Shutdown(milliseconds(10)).aborted, first.aborted);
}

}  // namespace
}  // namespace piperpc::testing
