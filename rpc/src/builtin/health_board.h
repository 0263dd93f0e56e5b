// What health says, and who waits for it to change.
#pragma once

#include <functional>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "piperpc/async.h"
#include "piperpc/internal/mutex.h"
#include "piperpc/v1/health.pb.h"

namespace piperpc::builtin {

// Thread-safe.
class HealthBoard {
 public:
  // `services` gives the names that the server has; called on any thread.
  explicit HealthBoard(std::function<std::vector<std::string>()> services);

  // Of a service, or of the server when the name is empty. None: there is no such service.
  std::optional<v1::ServingStatus> Look(std::string_view service) const;

  // False, and nothing is set: there is no such service.
  bool Set(std::string_view service, bool serving);

  // While it lives, `event()` is set after every change.
  class Watcher {
   public:
    explicit Watcher(HealthBoard& board);
    ~Watcher();
    Watcher(const Watcher&) = delete;
    Watcher& operator=(const Watcher&) = delete;
    AsyncEvent& event() { return event_; }

   private:
    HealthBoard& board_;
    AsyncEvent event_;
    std::list<AsyncEvent*>::iterator place_;
  };

 private:
  bool Has(std::string_view service) const;

  const std::function<std::vector<std::string>()> services_;
  mutable internal::Mutex mutex_;
  // What was set; others serve.
  std::map<std::string, bool, std::less<>> serving_ ABSL_GUARDED_BY(mutex_);
  std::list<AsyncEvent*> watchers_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace piperpc::builtin
