#include "board.h"

#include <utility>

namespace phrases {

void Board::Write(std::string phrase) {
  const std::lock_guard lock(mutex_);
  kept_.push_back(std::move(phrase));
  if (kept_.size() > max_kept_) kept_.pop_front();
  ++next_;
  changed_.notify_all();
}

void Board::Close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  changed_.notify_all();
}

std::uint64_t Board::next() const {
  const std::lock_guard lock(mutex_);
  return next_;
}

absl::StatusOr<std::optional<std::string>> Board::Read(std::uint64_t number,
                                                       std::stop_token stop) const {
  std::unique_lock lock(mutex_);
  if (!changed_.wait(lock, stop, [&] { return number < next_ || closed_; })) {
    return absl::CancelledError("the reader has gone");
  }
  if (number >= next_) return std::nullopt;
  const std::uint64_t oldest = next_ - kept_.size();
  if (number >= oldest) return kept_[number - oldest];
  return absl::ResourceExhaustedError("the reader is " + std::to_string(next_ - number) +
                                      " phrases behind; " + std::to_string(max_kept_) +
                                      " are kept");
}

}  // namespace phrases
