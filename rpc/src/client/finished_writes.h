// The messages of a stream's callback form that were taken, or refused, and of which is still to be
// told. They hold their own places in the queue: so none needs memory when its call ends.
#pragma once

#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "piperpc/internal/client_call.h"

namespace piperpc::client {

// Not thread-safe.
class FinishedWrites {
 public:
  using Write = std::unique_ptr<internal::StreamWrite>;

  FinishedWrites() = default;
  ~FinishedWrites() {
    while (!empty()) Pop();
  }
  FinishedWrites(FinishedWrites&& other) noexcept
      : first_(std::move(other.first_)), last_(other.last_) {}
  FinishedWrites& operator=(FinishedWrites&& other) noexcept {
    std::swap(first_, other.first_);
    std::swap(last_, other.last_);
    return *this;
  }

  bool empty() const { return first_ == nullptr; }

  void Add(Write write, absl::Status status) {
    write->DropMessage();
    write->status_ = std::move(status);
    internal::StreamWrite* const added = write.get();
    (empty() ? first_ : last_->next_) = std::move(write);
    last_ = added;
  }

  // The oldest. There is one.
  Write Pop() {
    Write popped = std::move(first_);
    first_ = std::move(popped->next_);
    return popped;
  }

 private:
  Write first_;
  internal::StreamWrite* last_ = nullptr;  // Of use while there is a first.
};

}  // namespace piperpc::client
