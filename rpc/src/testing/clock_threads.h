// How a client's threads wait, in the time of a test.
#pragma once

#include <memory>
#include <string_view>
#include <thread>
#include <utility>

#include "src/testing/clock_source.h"
#include "src/transport/client_threads.h"

namespace piperpc::testing {

class ClockThreads final : public transport::ClientThreads {
 public:
  explicit ClockThreads(std::shared_ptr<internal::ClockSource> clock) : clock_(std::move(clock)) {}

  absl::StatusOr<std::thread> Start(std::string_view purpose,
                                    absl::AnyInvocable<void()> body) override {
    return transport::SystemClientThreads().Start(purpose, std::move(body));
  }
  bool WaitUntil(internal::Mutex& mutex, transport::Condition& changed,
                 base::TimePoint limit) override ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);

 private:
  const std::shared_ptr<internal::ClockSource> clock_;
};

}  // namespace piperpc::testing
