#include "src/transport/client_threads.h"

#include <utility>

#include "piperpc/internal/threads.h"

namespace piperpc::transport {
namespace {

class SystemThreads final : public ClientThreads {
 public:
  absl::StatusOr<std::thread> Start(std::string_view purpose,
                                    absl::AnyInvocable<void()> body) override {
    return internal::StartThread(purpose, std::move(body));
  }
  bool WaitUntil(internal::Mutex& mutex, Condition& changed, base::TimePoint limit) override
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    if (limit != base::kNever) return mutex.WaitUntil(changed.variable(), limit);
    mutex.Wait(changed.variable());
    return true;
  }
};

}  // namespace

ClientThreads& SystemClientThreads() {
  static SystemThreads* const threads = new SystemThreads;
  return *threads;
}

}  // namespace piperpc::transport
