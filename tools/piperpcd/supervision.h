// What piperpcd has of a service manager, and tells it (piperpc/service_manager.h).
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "piperpc/internal/mutex.h"
#include "piperpc/server.h"
#include "piperpc/service_manager.h"

namespace piperpc::daemon {

// INVALID_ARGUMENT: one of them is a single connection, which is not for a server of many.
absl::Status CheckListening(const std::vector<OpenSocket>& sockets);

// Where they listen: "/run/a.sock, /run/b.sock".
std::string AddressesOf(const std::vector<OpenSocket>& sockets);

// Tells the manager "WATCHDOG=1", twice in each time that it allows, as long as the server's event
// loops answer: so whoever watches learns of a loop that is blocked, and not only of a process that
// has ended.
class Watchdog {
 public:
  // Is told, on the watchdog's thread, of each time when that was not possible.
  using OnTrouble = std::function<void(const absl::Status&)>;

  // Null where the manager wants no such thing. Both outlive it.
  static absl::StatusOr<std::unique_ptr<Watchdog>> Start(const ServiceManager& manager,
                                                         Server& server, OnTrouble on_trouble);
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

 private:
  Watchdog(const ServiceManager& manager, Server& server, std::chrono::milliseconds pause,
           OnTrouble on_trouble);

  void Run();
  absl::Status Tell();
  bool Pause();  // False: it is the end.

  const ServiceManager& manager_;
  Server& server_;
  const std::chrono::milliseconds pause_;
  const OnTrouble on_trouble_;

  internal::Mutex mutex_;
  std::condition_variable ends_;
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace piperpc::daemon
