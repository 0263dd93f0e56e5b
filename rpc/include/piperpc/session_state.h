// What a server remembers of one connection.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "piperpc/internal/mutex.h"

namespace piperpc {

// Lives as long as its connection and the calls in it; goes away with them. Thread-safe: blocking
// handlers of one connection run side by side.
class SessionState {
 public:
  // Who has logged on. Methods whose access rule asks for a login are refused while there is none.
  std::optional<std::string> user() const;
  void set_user(std::optional<std::string> user);

  // One object of each type, for services to keep what they like. Null when none was put.
  template <typename T>
  std::shared_ptr<T> Find() const {
    return std::static_pointer_cast<T>(FindRaw(KeyOf<T>()));
  }
  template <typename T>
  void Put(std::shared_ptr<T> value) {
    PutRaw(KeyOf<T>(), std::move(value));
  }

 private:
  template <typename T>
  static const void* KeyOf() {
    static const char key = 0;
    return &key;
  }
  std::shared_ptr<void> FindRaw(const void* key) const;
  void PutRaw(const void* key, std::shared_ptr<void> value);

  mutable internal::Mutex mutex_;
  std::optional<std::string> user_ ABSL_GUARDED_BY(mutex_);
  std::map<const void*, std::shared_ptr<void>> values_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace piperpc
