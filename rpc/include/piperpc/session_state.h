// The state that services keep for one connection, such as its login.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "piperpc/export.h"
#include "piperpc/internal/mutex.h"

namespace piperpc {

// Lives as long as its connection and the calls on it. Thread-safe, because several handlers of one
// connection may run at the same time.
class PIPERPC_EXPORT SessionState {
 public:
  // The user who has logged in; none: nobody has. Calls of methods that require a login end with
  // UNAUTHENTICATED while there is none.
  std::optional<std::string> user() const;
  void set_user(std::optional<std::string> user);

  // Objects that services keep here, at most one of each type. Find() returns null when there is
  // none; Put() replaces the one that is there.
  template <typename T>
  std::shared_ptr<T> Find() const {
    return std::static_pointer_cast<T>(FindRaw(KeyOf<T>()));
  }
  template <typename T>
  void Put(std::shared_ptr<T> value) {
    PutRaw(KeyOf<T>(), std::move(value));
  }

  // Find(), or, where that returns null, Put(), as one step: of several handlers that do this at
  // the same time, all get the same object, and only one's `value` is kept.
  template <typename T>
  std::shared_ptr<T> FindOrPut(std::shared_ptr<T> value) {
    return std::static_pointer_cast<T>(FindOrPutRaw(KeyOf<T>(), std::move(value)));
  }

 private:
  template <typename T>
  static const void* KeyOf() {
    static const char key = 0;
    return &key;
  }
  std::shared_ptr<void> FindRaw(const void* key) const;
  void PutRaw(const void* key, std::shared_ptr<void> value);
  std::shared_ptr<void> FindOrPutRaw(const void* key, std::shared_ptr<void> value);

  // What most connections have none of.
  struct Content {
    std::optional<std::string> user;
    std::map<const void*, std::shared_ptr<void>> values;
  };
  Content& content() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  mutable internal::Mutex mutex_;
  std::unique_ptr<Content> content_ ABSL_GUARDED_BY(mutex_);  // Null until there is any.
};

}  // namespace piperpc
