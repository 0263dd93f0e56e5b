// A clock that a test sets: timeouts, deadlines and timers in a moment, and when the test wants
// them.
//
//     piperpc::testing::FakeClock clock;
//     piperpc::testing::InProcess<GreeterClient> greeter(service, {.clock = &clock});
//     auto reply = std::async([&] { return greeter->Greet(request, {.timeout = 1h}); });
//     const auto over = [&] { return reply.wait_for(0s) == std::future_status::ready; };
//     EXPECT_TRUE(clock.AdvanceUntil(over));
//     EXPECT_THAT(reply.get(), StatusIs(absl::StatusCode::kDeadlineExceeded));
//
// It counts for an in-process server and its channels: timeouts of calls and of connecting,
// deadlines that handlers see, Sleep() and Timer in coroutines that run on their loops, and the
// limits of ServerOptions such as hello_timeout. It does not count for Server::Shutdown(), and for
// Sleep() on a thread without an executor: these take real time.
#pragma once

#include <chrono>
#include <memory>

#include "absl/functional/function_ref.h"

namespace piperpc {

namespace internal {
class ClockSource;
}

namespace testing {

class FaultInjector;

// Thread-safe. Servers and channels that use its time may outlive it: then it stands still.
class FakeClock {
 public:
  using Duration = std::chrono::steady_clock::duration;
  using TimePoint = std::chrono::steady_clock::time_point;

  // Begins at the time that std::chrono::steady_clock has, and stands still.
  FakeClock();
  ~FakeClock();
  FakeClock(const FakeClock&) = delete;
  FakeClock& operator=(const FakeClock&) = delete;

  TimePoint Now() const;

  // Lets `by`, 0 or more, pass at once. When this returns, the timers that are due have fired on
  // the loops of servers and channels, unless code that runs there blocks. What they have brought
  // about on other threads, such as the end of a blocking call, comes soon.
  void Advance(Duration by);

  // Lets `step` pass again and again until `over()` is true, a step each millisecond or slower. So
  // a test need not know whether what it waits for has set its timer yet. More time may pass than
  // is needed: let other timeouts be long. False: it was not true within a minute of real time.
  bool AdvanceUntil(absl::FunctionRef<bool()> over, Duration step = std::chrono::milliseconds(10));

 private:
  friend class FaultInjector;
  const std::shared_ptr<internal::ClockSource> source_;
};

}  // namespace testing
}  // namespace piperpc
