// How long a command may take, and what cuts it short.
#pragma once

#include <algorithm>
#include <chrono>
#include <optional>
#include <stop_token>

namespace piperpc::cli {

// Starts to run when it is made; shared by all that one command waits for.
class CommandDeadline {
 public:
  using Clock = std::chrono::steady_clock;

  // Without a limit, or a stop.
  CommandDeadline() = default;

  CommandDeadline(std::optional<std::chrono::milliseconds> timeout, std::stop_token stop)
      : stop_(std::move(stop)) {
    if (timeout.has_value()) end_ = begun_ + *timeout;
  }

  const std::stop_token& stop() const { return stop_; }

  // The same; where it has no limit, with that one from now on.
  CommandDeadline Within(std::chrono::milliseconds limit) const {
    return end_.has_value() ? *this : CommandDeadline(limit, stop_);
  }

  // The same, but no longer than `limit` from now on.
  CommandDeadline AtMost(std::chrono::milliseconds limit) const {
    const std::optional<std::chrono::milliseconds> rest = left();
    return CommandDeadline(rest.has_value() ? std::min(*rest, limit) : limit, stop_);
  }

  // What is left; none: there is no limit. At least a millisecond, so that the call that comes too
  // late is the one that says so.
  std::optional<std::chrono::milliseconds> left() const {
    if (!end_.has_value()) return std::nullopt;
    const auto rest = std::chrono::ceil<std::chrono::milliseconds>(*end_ - Clock::now());
    return std::max(rest, std::chrono::milliseconds(1));
  }

  std::optional<Clock::time_point> end() const { return end_; }
  bool over() const { return end_.has_value() && Clock::now() >= *end_; }

  // Since it was made.
  std::chrono::milliseconds spent() const {
    return std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begun_);
  }

  // Waits that long, or what is left, or until the stop, whichever comes first.
  void Pause(std::chrono::milliseconds time) const;

 private:
  Clock::time_point begun_ = Clock::now();
  std::optional<Clock::time_point> end_;
  std::stop_token stop_;
};

}  // namespace piperpc::cli
