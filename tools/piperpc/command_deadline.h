// The time limit of a command, and the stop token of Ctrl-C.
#pragma once

#include <algorithm>
#include <chrono>
#include <optional>
#include <stop_token>

namespace piperpc::cli {

// Begins when it is constructed; everything that one command waits for shares it.
class CommandDeadline {
 public:
  using Clock = std::chrono::steady_clock;

  // Without a limit and a stop token.
  CommandDeadline() = default;

  CommandDeadline(std::optional<std::chrono::milliseconds> timeout, std::stop_token stop)
      : stop_(std::move(stop)) {
    if (timeout.has_value()) end_ = begun_ + *timeout;
  }

  const std::stop_token& stop() const { return stop_; }

  // The same deadline, but when it has no limit, with `limit` from now on.
  CommandDeadline Within(std::chrono::milliseconds limit) const {
    return end_.has_value() ? *this : CommandDeadline(limit, stop_);
  }

  // The same deadline, but at most `limit` from now on.
  CommandDeadline AtMost(std::chrono::milliseconds limit) const {
    const std::optional<std::chrono::milliseconds> rest = left();
    return CommandDeadline(rest.has_value() ? std::min(*rest, limit) : limit, stop_);
  }

  // The time that is left; none: there is no limit. At least 1 ms, so that a call which is too late
  // fails with an error of its own.
  std::optional<std::chrono::milliseconds> left() const {
    if (!end_.has_value()) return std::nullopt;
    const auto rest = std::chrono::ceil<std::chrono::milliseconds>(*end_ - Clock::now());
    return std::max(rest, std::chrono::milliseconds(1));
  }

  std::optional<Clock::time_point> end() const { return end_; }
  bool over() const { return end_.has_value() && Clock::now() >= *end_; }

  // The time since the beginning.
  std::chrono::milliseconds spent() const {
    return std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begun_);
  }

  // Waits for `time`, until the limit, or until the stop, whichever comes first.
  void Pause(std::chrono::milliseconds time) const;

 private:
  Clock::time_point begun_ = Clock::now();
  std::optional<Clock::time_point> end_;
  std::stop_token stop_;
};

}  // namespace piperpc::cli
