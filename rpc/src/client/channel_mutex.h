// The lock of a channel, as clang is told of it: whichever channel's, for no thread holds those of
// two. It guards the channel, its connections and its calls; see Core.
#pragma once

#include "absl/base/thread_annotations.h"
#include "piperpc/internal/mutex.h"

namespace piperpc::client {

// A name for annotations, which is not defined.
extern internal::Mutex channel_mutex;

// A field that the lock guards; a function that is called with the lock; one that takes it itself,
// or runs code of the user's.
#define CHANNEL_GUARDED ABSL_GUARDED_BY(channel_mutex)
#define CHANNEL_LOCKED ABSL_EXCLUSIVE_LOCKS_REQUIRED(channel_mutex)
#define CHANNEL_UNLOCKED ABSL_LOCKS_EXCLUDED(channel_mutex)

// For a closure, which is a function of its own: it runs where the lock is held.
inline void AssertLocked() ABSL_ASSERT_EXCLUSIVE_LOCK(channel_mutex) {}

// In place of the lock: no other thread knows the call yet, or it has ended, and what the lock
// guarded is this thread's alone.
inline void AssertOwned() ABSL_ASSERT_EXCLUSIVE_LOCK(channel_mutex) {}

}  // namespace piperpc::client
