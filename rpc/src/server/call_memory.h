// Memory of calls that have ended, for the next ones: most calls end before the next one begins, so
// one piece serves them all. One for each loop; not thread-safe.
#pragma once

#include <cstddef>
#include <new>

#include "absl/base/config.h"

namespace piperpc::server {

class CallMemory {
 public:
  CallMemory() = default;
  ~CallMemory();
  CallMemory(const CallMemory&) = delete;
  CallMemory& operator=(const CallMemory&) = delete;

  // `bytes`: always the same.
  void* Take(std::size_t bytes) {
    if (free_ == nullptr) return ::operator new(bytes);
    Piece* const piece = free_;
    free_ = piece->next;
    --count_;
    return piece;
  }

  void Give(void* memory) {
    if (count_ == kMost) return ::operator delete(memory);
    free_ = new (memory) Piece{free_};
    ++count_;
  }

 private:
  struct Piece {
    Piece* next;
  };

#ifdef ABSL_HAVE_ADDRESS_SANITIZER
  static constexpr std::size_t kMost = 0;  // It shall see who uses a call that has ended.
#else
  static constexpr std::size_t kMost = 64;
#endif

  Piece* free_ = nullptr;
  std::size_t count_ = 0;
};

}  // namespace piperpc::server
