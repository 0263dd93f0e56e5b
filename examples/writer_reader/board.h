// The phrases that were written: one thread writes them, and any number of threads read them.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>

#include "absl/status/statusor.h"

namespace phrases {

// Thread-safe.
class Board {
 public:
  // Keeps the last `max_kept` phrases, 1 or more, for readers that are slow.
  explicit Board(std::size_t max_kept = 1000) : max_kept_(max_kept) {}

  void Write(std::string phrase);

  // No more phrases will be written.
  void Close();

  // The number of the phrase that will be written next; the first one is 0.
  std::uint64_t next() const;

  // Waits for phrase `number`. None: the board was closed before.
  //   RESOURCE_EXHAUSTED: it was dropped, because it is too old.
  //   CANCELLED: `stop` was requested to stop first.
  absl::StatusOr<std::optional<std::string>> Read(std::uint64_t number, std::stop_token stop) const;

 private:
  const std::size_t max_kept_;
  mutable std::mutex mutex_;
  mutable std::condition_variable_any changed_;
  std::deque<std::string> kept_;
  std::uint64_t next_ = 0;
  bool closed_ = false;
};

}  // namespace phrases
