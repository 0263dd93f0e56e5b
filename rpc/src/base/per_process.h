// An object of which each process has one of its own.
#pragma once

#include <atomic>
#include <cstdint>

#include "src/base/process.h"

namespace piperpc::base {

// A child made by fork() begins with a new one: of the old one a lock may be held by a thread that
// is not there. That one is kept, untouched, to the end. Thread-safe, and takes no lock itself.
// Made when it is first used, and never destroyed unless Destroy() is called: static objects may
// use it before main() and after.
template <typename T>
class PerProcess {
 public:
  constexpr PerProcess() = default;
  PerProcess(const PerProcess&) = delete;
  PerProcess& operator=(const PerProcess&) = delete;

  T& Get() {
    Made* made = made_.load(std::memory_order_acquire);
    while (made == nullptr || made->generation != ProcessGeneration()) {
      auto* const added = new Made();
      if (made_.compare_exchange_strong(made, added)) {
        if (made != nullptr) KeepForever(made);
        return added->object;
      }
      delete added;  // Another thread was first.
    }
    return made->object;
  }

  // When nobody uses it any more.
  void Destroy() { delete made_.exchange(nullptr); }

 private:
  struct Made {
    const std::uint32_t generation = ProcessGeneration();
    T object;
  };
  std::atomic<Made*> made_ = nullptr;
};

}  // namespace piperpc::base
