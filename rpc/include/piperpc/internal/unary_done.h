// What a unary call that nobody is blocked in ends with.
#pragma once

#include <cstddef>
#include <new>
#include <span>
#include <type_traits>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"

namespace piperpc::internal {

// A function that takes the status and the reply's bytes, once. It is kept in place: a callback of
// the user's, with what turns the bytes into its reply, costs no allocation on the way.
class UnaryDone {
 public:
  template <typename Function>
  requires std::is_invocable_v<Function&, absl::Status, std::span<const char>>
  explicit UnaryDone(Function function) {
    static_assert(sizeof(Held<Function>) <= kRoom && alignof(Held<Function>) <= kAlign);
    static_assert(std::is_nothrow_move_constructible_v<Function>);
    held_ = new (room_) Held<Function>(std::move(function));
  }
  UnaryDone(UnaryDone&& other) noexcept {
    if (other.held_ == nullptr) return;
    held_ = other.held_->MoveTo(room_);
    other.Reset();
  }
  ~UnaryDone() { Reset(); }
  UnaryDone& operator=(UnaryDone&&) = delete;

  // Calls the function, and destroys it. Not when it was moved away.
  void Run(absl::Status status, std::span<const char> reply) {
    held_->Run(std::move(status), reply);
    Reset();
  }

 private:
  struct HeldBase {
    virtual ~HeldBase() = default;
    virtual void Run(absl::Status status, std::span<const char> reply) = 0;
    virtual HeldBase* MoveTo(void* room) = 0;
  };

  template <typename Function>
  struct Held final : HeldBase {
    explicit Held(Function&& its_function) : function(std::move(its_function)) {}
    void Run(absl::Status status, std::span<const char> reply) override {
      function(std::move(status), reply);
    }
    HeldBase* MoveTo(void* room) override { return new (room) Held(std::move(function)); }
    Function function;
  };

  void Reset() {
    if (held_ != nullptr) std::exchange(held_, nullptr)->~HeldBase();
  }

  // For a user's callback, and some words beside it.
  using Callback = absl::AnyInvocable<void(absl::Status)>;
  static constexpr std::size_t kRoom = sizeof(Callback) + 6 * sizeof(void*);
  static constexpr std::size_t kAlign = alignof(std::max_align_t);

  HeldBase* held_ = nullptr;  // In room_, or null.
  alignas(kAlign) std::byte room_[kRoom];
};

}  // namespace piperpc::internal
