// A system that gives no more threads: what needs one says so, and works again when there are some.
#include <dlfcn.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pthread.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "piperpc/client.h"
#include "piperpc/internal/stubs.h"
#include "piperpc/io_thread.h"
#include "piperpc/server.h"
#include "piperpc/testing/endpoint.h"
#include "support/eventually.h"
#include "support/test_service.h"

namespace {

std::atomic<bool> refuse_threads = false;

}  // namespace

// AddressSanitizer's, which has to know of threads, where it is a part of the program, as clang's.
extern "C" [[gnu::weak]] int __interceptor_pthread_create(pthread_t*, const pthread_attr_t*,
                                                          void* (*)(void*), void*);

// Stands before that of the C library, for the whole program.
extern "C" int pthread_create(pthread_t* thread, const pthread_attr_t* attributes,
                              void* (*start)(void*), void* argument) {
  using Create = int(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*);
  static auto* const create = __interceptor_pthread_create != nullptr
                                  ? &__interceptor_pthread_create
                                  : reinterpret_cast<Create*>(::dlsym(RTLD_NEXT, "pthread_create"));
  return refuse_threads ? EAGAIN : create(thread, attributes, start, argument);
}

namespace piperpc::testing {
namespace {

using internal::ClientMethod;
using ::testing::HasSubstr;

constexpr ClientMethod kEcho{"test.v1.Test/Echo", MethodType::kUnary};
constexpr ClientMethod kBlock{"test.v1.Test/Block", MethodType::kUnary};
constexpr ClientMethod kWork{"work.v1.Work/Work", MethodType::kUnary};
constexpr ClientMethod kCount{"test.v1.Test/Count", MethodType::kServerStreaming};

class NoThreads {
 public:
  NoThreads() { refuse_threads = true; }
  ~NoThreads() { refuse_threads = false; }
};

void ExpectNoThread(const absl::Status& status) {
  EXPECT_TRUE(absl::IsResourceExhausted(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("cannot start"));
}

class RefusedThreads : public ::testing::Test {
 protected:
  void SetUp() override {
    work_.AddUnary("Work", [this](ServerContext& context, RawMessage) { return Work(context); });
    server_.emplace(ServerOptions{.worker_threads = 2});
    ASSERT_TRUE(server_->AddService(service_.service()).ok());
    ASSERT_TRUE(server_->AddService(work_).ok());
    const absl::Status status = server_->Start(endpoint_);
    ASSERT_TRUE(status.ok()) << status;
  }

  std::shared_ptr<Channel> NewChannel() {
    return Connect(endpoint_, {.default_timeout = std::chrono::seconds(20)});
  }

  static RawResult Call(Channel& channel, const ClientMethod& method) {
    return internal::CallUnary<RawMessage>(channel, method, RawMessage{"x"}, CallOptions());
  }

  static std::future<RawResult> Start(Channel& channel, const ClientMethod& method) {
    auto promise = std::make_shared<std::promise<RawResult>>();
    internal::StartUnary<RawMessage>(
        channel, method, RawMessage{"x"}, {},
        [promise](RawResult reply) { promise->set_value(std::move(reply)); });
    return promise->get_future();
  }

  static RawResult Get(std::future<RawResult> reply) {
    if (!Arrives(reply)) return absl::InternalError("the callback does not come");
    return reply.get();
  }

  // Holds a worker until it is let go.
  Task<RawResult> Work(ServerContext& context) {
    auto work = RunBlocking(context.workers(), [this]() -> RawResult {
      working_.set_value();
      if (!Arrives(let_go_.get_future())) return absl::InternalError("nobody let it go");
      return RawMessage{"done"};
    });
    RawResult result = co_await work;
    co_return result;
  }

  TestService service_;
  RawService work_{"work.v1.Work"};
  std::promise<void> working_, let_go_;
  const std::string endpoint_ = UniqueEndpoint();
  std::optional<Server> server_;
};

TEST_F(RefusedThreads, EndACallWithACallback) {
  const auto channel = NewChannel();
  {
    const NoThreads refused;
    ExpectNoThread(Get(Start(*channel, kEcho)).status());
  }
  EXPECT_EQ(Get(Start(*channel, kEcho))->bytes, "x");
}

TEST_F(RefusedThreads, EndAStream) {
  const auto channel = NewChannel();
  const auto count = [&] {
    auto reader =
        internal::OpenReader<RawMessage>(*channel, kCount, RawMessage{"1"}, CallOptions());
    reader.Next();
    return reader.status();
  };
  {
    const NoThreads refused;
    ExpectNoThread(count());
  }
  EXPECT_TRUE(count().ok());
}

TEST_F(RefusedThreads, LeaveBlockingCallsAlone) {
  const auto channel = NewChannel();
  const NoThreads refused;
  EXPECT_EQ(Call(*channel, kEcho)->bytes, "x");
}

TEST_F(RefusedThreads, LeaveAChannelAsItWasThatHasNoneOfItsOwnYet) {
  const auto channel = NewChannel();
  EXPECT_EQ(Call(*channel, kEcho)->bytes, "x");  // It is connected.
  {
    const NoThreads refused;
    ExpectNoThread(Get(Start(*channel, kEcho)).status());
    EXPECT_EQ(Call(*channel, kEcho)->bytes, "x");
  }
  EXPECT_EQ(Get(Start(*channel, kEcho))->bytes, "x");
}

TEST_F(RefusedThreads, LetAChannelGoInItsOwnCallback) {
  std::promise<void> gone;
  {
    auto channel = NewChannel();
    Channel& calls = *channel;
    internal::StartUnary<RawMessage>(calls, kEcho, RawMessage{"x"}, {},
                                     [held = std::move(channel), &gone](RawResult) mutable {
                                       const NoThreads refused;
                                       held.reset();
                                       gone.set_value();
                                     });
  }
  EXPECT_TRUE(Arrives(gone.get_future()));
}

TEST_F(RefusedThreads, AreToldByAnIoThread) {
  {
    const NoThreads refused;
    ExpectNoThread(StartIoThread({}).status());
  }
  EXPECT_TRUE(StartIoThread({}).ok());
}

TEST_F(RefusedThreads, AreToldByAServerThatMayBeStartedAgain) {
  for (const std::size_t loops : {1, 3}) {
    Server server({.event_loops = loops});
    const std::string endpoint = UniqueEndpoint();
    {
      const NoThreads refused;
      ExpectNoThread(server.Start(endpoint));
    }
    const absl::Status status = server.Start(endpoint);
    EXPECT_TRUE(status.ok()) << status;
  }
}

TEST_F(RefusedThreads, EndABlockingHandlersCallWhenThereIsNoWorker) {
  const auto channel = NewChannel();
  {
    const NoThreads refused;
    ExpectNoThread(Call(*channel, kBlock).status());
  }
  EXPECT_EQ(Call(*channel, kBlock)->bytes, "x from a worker");
}

TEST_F(RefusedThreads, LeaveTheWorkToTheWorkersThatThereAre) {
  const auto channel = NewChannel();
  std::future<RawResult> first = Start(*channel, kWork);
  ASSERT_TRUE(Arrives(working_.get_future()));
  std::future<RawResult> second;
  {
    const NoThreads refused;
    second = Start(*channel, kBlock);
    EXPECT_EQ(Get(Start(*channel, kEcho))->bytes, "x");  // The server has seen both.
  }
  let_go_.set_value();
  EXPECT_EQ(Get(std::move(first))->bytes, "done");
  EXPECT_EQ(Get(std::move(second))->bytes, "x from a worker");
}

}  // namespace
}  // namespace piperpc::testing
