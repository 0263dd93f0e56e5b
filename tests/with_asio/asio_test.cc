// PipeRPC's coroutines and asio, in both directions. docs/coroutines.md shows parts of this.
#include <gtest/gtest.h>

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_future.hpp>
#include <chrono>
#include <future>
#include <memory>
#include <stop_token>
#include <thread>
#include <utility>

#include "piperpc/async.h"
#include "piperpc/run_on.h"
#include "piperpc/testing/in_process_server.h"
#include "piperpc/testing/matchers.h"
#include "support/eventually.h"
#include "testing/notes.h"
#include "with_asio/asio_executor.h"
#include "with_asio/async_run.h"

// Debian 12's asio has them for g++, and not for clang.
#if defined(ASIO_HAS_CO_AWAIT)
#include <asio/awaitable.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/experimental/awaitable_operators.hpp>
#include <asio/use_awaitable.hpp>
#endif

namespace piperpc::testing {
namespace {

using ::testing::Property;

class Asio : public ::testing::Test {
 protected:
  asio::io_context context_;
  AsioExecutor executor_{context_};
  Notes service_;
  InProcess<NotesClient> notes_{service_};
};

TEST_F(Asio, RunsACallUntilItsReplyAndComesBackToTheThreadOfTheContext) {
  std::thread::id replied;
  const auto ask = [&](std::stop_token stop) -> Task<absl::StatusOr<Note>> {
    auto call = notes_->CoGet(NoteOf("a"), {.stop = stop});
    absl::StatusOr<Note> reply = co_await call;
    replied = std::this_thread::get_id();
    co_return reply;
  };
  std::future<absl::StatusOr<Note>> reply = AsyncRun(executor_, ask, asio::use_future);
  context_.run();  // Returns when nothing is left to do.
  ASSERT_TRUE(Arrives(reply));
  EXPECT_THAT(reply.get(), IsOkAndHolds(Property(&Note::text, "re: a")));
  EXPECT_EQ(replied, std::this_thread::get_id());
}

TEST_F(Asio, ThrowsWhatTheTaskThrows) {
  const auto throws = [](std::stop_token) -> Task<int> {
    throw std::runtime_error("inside");
    co_return 1;
  };
  std::future<int> result = AsyncRun(executor_, throws, asio::use_future);
  context_.run();
  EXPECT_THROW(result.get(), std::runtime_error);
}

TEST_F(Asio, SleepsByTheTimersOfTheContext) {
  std::stop_source source;
  const auto sleeps = [&](std::stop_token) -> Task<bool> {
    const bool slept = co_await Sleep(std::chrono::milliseconds(1));
    co_return slept;
  };
  const auto is_cut = [&](std::stop_token) -> Task<bool> {
    source.request_stop();
    const bool slept = co_await Sleep(std::chrono::hours(1), source.get_token());
    co_return slept;
  };
  std::future<bool> slept = AsyncRun(executor_, sleeps, asio::use_future);
  std::future<bool> cut = AsyncRun(executor_, is_cut, asio::use_future);
  context_.run();  // No timer is left.
  EXPECT_TRUE(slept.get());
  EXPECT_FALSE(cut.get());
}

// The other direction: a coroutine of PipeRPC waits for an operation of asio.
Task<bool> WaitInAsio(asio::io_context& context, std::chrono::milliseconds delay,
                      std::stop_token stop) {
  const auto fired = std::make_shared<AsyncEvent>();  // The operation may outlive this frame.
  asio::steady_timer timer(context, delay);           // At its end, the operation is cancelled.
  timer.async_wait([fired](const asio::error_code&) { fired->Set(); });
  auto wait = fired->Wait(std::move(stop));
  const bool set = co_await wait;
  co_return set;
}

TEST_F(Asio, OperationsAreAwaitedByCoroutinesThatRunOnTheContext) {
  auto guard = asio::make_work_guard(context_);
  std::jthread runs([this] { context_.run(); });
  const auto waits = [this] { return WaitInAsio(context_, std::chrono::milliseconds(1), {}); };
  EXPECT_TRUE(SyncWait(RunOn(executor_.handle(), waits)));
  std::stop_source source;
  source.request_stop();
  const auto is_stopped = [&] {
    return WaitInAsio(context_, std::chrono::hours(1), source.get_token());
  };
  EXPECT_FALSE(SyncWait(RunOn(executor_.handle(), is_stopped)));
  guard.reset();
}

// Runs on the server's loop.
class Napper final : public NotesService {
 public:
  Napper(asio::io_context& context, Executor::Handle executor)
      : context_(context), executor_(std::move(executor)) {}

 private:
  // A handler that waits for an operation of asio.
  Task<absl::StatusOr<Note>> CoGet(ServerContext& context, Note request) override {
    const auto waits = [this, stop = context.stop_token()] {
      return WaitInAsio(context_, std::chrono::milliseconds(1), stop);
    };
    auto nap = RunOn(executor_, waits);
    const bool slept = co_await nap;
    if (!slept) co_return absl::CancelledError("woken");
    co_return request;
  }

  asio::io_context& context_;
  const Executor::Handle executor_;
};

TEST_F(Asio, OperationsAreAwaitedByHandlersOfAServer) {
  auto guard = asio::make_work_guard(context_);
  std::jthread runs([this] { context_.run(); });
  Napper napper(context_, executor_.handle());
  InProcess<NotesClient> notes(napper);
  EXPECT_THAT(notes->Get(NoteOf("a")), IsOkAndHolds(Property(&Note::text, "a")));
  guard.reset();
}

#if defined(ASIO_HAS_CO_AWAIT)

using asio::experimental::awaitable_operators::operator||;

// A call, as any operation of asio that can be cancelled.
asio::awaitable<absl::StatusOr<Note>> Ask(AsioExecutor& executor, NotesClient& notes, Note note) {
  auto call = [&notes, note](std::stop_token stop) { return notes.CoGet(note, {.stop = stop}); };
  absl::StatusOr<Note> reply = co_await AsyncRun(executor, std::move(call), asio::use_awaitable);
  co_return reply;
}

// Rethrows what leaves the coroutine.
constexpr auto kRethrow = [](std::exception_ptr thrown) {
  if (thrown) std::rethrow_exception(thrown);
};

TEST_F(Asio, AwaitsACallInAnAwaitable) {
  absl::StatusOr<Note> reply;
  const auto asks = [&]() -> asio::awaitable<void> {
    reply = co_await Ask(executor_, *notes_, NoteOf("a"));
  };
  asio::co_spawn(context_, asks, kRethrow);
  context_.run();
  EXPECT_THAT(reply, IsOkAndHolds(Property(&Note::text, "re: a")));
}

TEST_F(Asio, CancelsTheCallWhenTheOperationIsCancelled) {
  std::size_t first = 0;
  const auto asks = [&]() -> asio::awaitable<void> {
    asio::steady_timer timer(context_, std::chrono::milliseconds(1));
    auto either =
        co_await (Ask(executor_, *notes_, NoteOf("wait")) || timer.async_wait(asio::use_awaitable));
    first = either.index();
  };
  asio::co_spawn(context_, asks, kRethrow);
  context_.run();
  EXPECT_EQ(first, 1u);  // The call waits until it is stopped.
}

#endif

}  // namespace
}  // namespace piperpc::testing
