// What goes on when its channel is gone: coroutines that it has resumed, and writers of its calls.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "piperpc/async.h"
#include "piperpc/executor.h"
#include "piperpc/raw_client.h"
#include "piperpc/server.h"
#include "piperpc/testing/endpoint.h"
#include "src/transport/transport.h"
#include "support/eventually.h"
#include "support/shapes_service.h"
#include "support/test_service.h"
#include "transport/fixture.h"

namespace piperpc::testing {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

class EndedChannel : public transport::EachTransport {
 protected:
  void Begin() override {
    server_ = std::make_unique<Server>(ServerOptions{.transport = transport_.get()});
    ASSERT_TRUE(server_->AddService(shapes_.service()).ok());
    ASSERT_TRUE(server_->Start(endpoint_).ok());
  }

  std::shared_ptr<Channel> NewChannel() {
    return Connect(endpoint_, {.transport = transport_.get()});
  }

  // On a channel of its own, which is gone when this has ended: so the frame that awaits it has
  // been resumed on a loop that is no more.
  Task<std::string> Ask(std::string text) {
    const RawClient client(NewChannel());
    auto call = client.CoUnary("shapes.v1.Raw/Unary", RawMessage(std::move(text)));
    const absl::StatusOr<RawMessage> reply = co_await call;
    co_return reply.ok() ? reply->bytes : reply.status().ToString();
  }

  const std::string endpoint_ = UniqueEndpoint();
  ShapesService shapes_;
  std::unique_ptr<Server> server_;
};

TEST_P(EndedChannel, LetsACoroutineAskOnTheNextOne) {
  const auto ask = [this]() -> Task<std::string> {
    std::string replies;
    for (const char* const text : {"a", "b", "c"}) {
      auto asked = Ask(text);
      replies += co_await asked;
    }
    co_return replies;
  };
  EXPECT_EQ(SyncWait(ask()), "abc");
}

TEST_P(EndedChannel, LetsACoroutineSleep) {
  const auto sleep = [this]() -> Task<bool> {
    auto asked = Ask("a");
    co_await asked;
    auto nap = Sleep(milliseconds(1));
    const bool slept = co_await nap;
    co_return slept;
  };
  // On the loop, if that has not ended yet; then the sleep ends with it.
  SyncWait(sleep());
}

TEST_P(EndedChannel, EndsASleepOnItsLoop) {
  std::promise<void> asked;
  std::shared_ptr<Channel> channel = NewChannel();
  const auto sleep = [&asked](std::weak_ptr<Channel> weak) -> Task<bool> {
    // A reply that is there already is taken on the thread that waits, which would sleep itself.
    while (Executor::Current() == nullptr) {
      auto call = RawClient(weak.lock()).CoUnary("shapes.v1.Raw/Unary", RawMessage("a"));
      const absl::StatusOr<RawMessage> reply = co_await call;
      EXPECT_TRUE(reply.ok()) << reply.status();
    }
    auto nap = Sleep(hours(1));
    asked.set_value();
    const bool slept = co_await nap;
    co_return slept;
  };
  auto slept = std::async(std::launch::async, [&] { return SyncWait(sleep(channel)); });
  asked.get_future().wait();
  channel.reset();
  EXPECT_FALSE(slept.get());
}

TEST_P(EndedChannel, LetsACoroutineWaitForOtherThreads) {
  WorkerPool pool(1, 1);
  AsyncEvent event;
  const auto wait = [&]() -> Task<bool> {
    auto asked = Ask("a");
    co_await asked;
    auto work = RunBlocking(pool, [&event] {
      event.Set();
      return absl::OkStatus();
    });
    const absl::Status worked = co_await work;
    auto waiter = event.Wait();
    const bool set = co_await waiter;
    co_return worked.ok() && set;
  };
  EXPECT_TRUE(SyncWait(wait()));
}

// One thread writes all the time, another drops the channel, and the final callback takes as long
// as some more writes: of the call, no two callbacks run at once, and none is forgotten.
TEST_P(EndedChannel, RunsItsCallbacksOneAfterTheOther) {
  for (int round = 0; round < 20; ++round) {
    std::shared_ptr<Channel> channel = NewChannel();
    std::atomic<bool> inside = false, over = false;
    std::atomic<int> told = 0, written = 0;
    std::promise<void> begun, ended;
    const auto alone = [&inside](auto callback) {
      EXPECT_FALSE(inside.exchange(true)) << "two callbacks at once";
      callback();
      inside = false;
    };
    const auto write_some_more = [&] {
      for (const int before = written; written < before + 10;) std::this_thread::yield();
    };
    const auto upload = RawClient(channel).ClientStreamingAsync("shapes.v1.Raw/Up", {},
                                                                [&](absl::StatusOr<RawMessage>) {
                                                                  alone(write_some_more);
                                                                  over = true;
                                                                  ended.set_value();
                                                                });
    std::thread writer([&] {
      while (!over) {
        upload.Write(RawMessage("x"), [&](absl::Status) { alone([&] { ++told; }); });
        if (++written == 10) begun.set_value();
      }
    });
    begun.get_future().wait();
    channel.reset();
    ended.get_future().wait();
    writer.join();
    EXPECT_TRUE(Eventually([&] { return told == written; }));
  }
}

INSTANTIATE_TEST_SUITE_P(Transports, EndedChannel, ::testing::ValuesIn(transport::TransportNames()),
                         [](const auto& test) { return test.param; });

}  // namespace
}  // namespace piperpc::testing
