// Which process something belongs to. A child made by fork() has a copy of all that its parent had,
// but none of its threads, and shares the parent's sockets: what the parent has begun to use is of
// no use in the child, and must not be touched there.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

namespace piperpc::base {

namespace process_state {

extern std::atomic<std::uint32_t> generation;
extern std::atomic<bool> has_forked;

}  // namespace process_state

// Above zero; larger by one in a child that fork() has made. No system call.
inline std::uint32_t ProcessGeneration() {
  return process_state::generation.load(std::memory_order_relaxed);
}

// This process has made a child, or is one: another one may have open what it has open.
inline bool HasForked() { return process_state::has_forked.load(std::memory_order_relaxed); }

// Marks something with the process that uses it. Thread-safe, and takes no lock: in a child, a lock
// may be held by a thread that is not there.
class ProcessMark {
 public:
  // Marks it, if nobody has. False: it belongs to another process.
  bool Claim() {
    const std::uint32_t here = ProcessGeneration();
    std::uint32_t owner = owner_.load(std::memory_order_relaxed);
    if (owner == 0 && owner_.compare_exchange_strong(owner, here)) return true;
    return owner == here;  // Perhaps by another thread, just now.
  }

  // As `other` is.
  void ClaimFor(const ProcessMark& other) { owner_ = other.owner_.load(); }
  void Clear() { owner_ = 0; }

  bool claimed() const { return owner_.load(std::memory_order_relaxed) != 0; }
  bool foreign() const {
    const std::uint32_t owner = owner_.load(std::memory_order_relaxed);
    return owner != 0 && owner != ProcessGeneration();
  }

 private:
  std::atomic<std::uint32_t> owner_ = 0;  // Zero: nobody's yet.
};

// Keeps an object of the parent's to the end of this process: its destructor would wait for threads
// that are not there, or touch what the parent uses.
void KeepForever(std::shared_ptr<const void> object);

// The same, for what somebody else owned.
inline void KeepForever(const void* object) {
  KeepForever(std::shared_ptr<const void>(object, [](const void*) {}));
}

}  // namespace piperpc::base
