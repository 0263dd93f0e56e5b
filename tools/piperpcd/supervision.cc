#include "tools/piperpcd/supervision.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "piperpc/internal/threads.h"

namespace piperpc::daemon {

absl::Status CheckListening(const std::vector<OpenSocket>& sockets) {
  for (const OpenSocket& socket : sockets) {
    if (socket.kind() == OpenSocket::Kind::kListening) continue;
    return absl::InvalidArgumentError(
        absl::StrCat(socket.ToString(),
                     " is a single connection; piperpcd needs sockets that are listening (write "
                     "Accept=no in the socket unit)"));
  }
  return absl::OkStatus();
}

std::string AddressesOf(const std::vector<OpenSocket>& sockets) {
  return absl::StrJoin(sockets, ", ", [](std::string* text, const OpenSocket& socket) {
    absl::StrAppend(text, socket.address());
  });
}

absl::StatusOr<std::unique_ptr<Watchdog>> Watchdog::Start(const ServiceManager& manager,
                                                          Server& server, OnTrouble on_trouble) {
  using std::chrono::milliseconds;
  if (!manager.watchdog()) return nullptr;
  constexpr milliseconds kLongest = std::chrono::hours(24);  // The clock has an end.
  const auto half =
      std::min(std::chrono::duration_cast<milliseconds>(*manager.watchdog() / 2), kLongest);
  std::unique_ptr<Watchdog> watchdog(
      new Watchdog(manager, server, std::max(half, milliseconds(1)), std::move(on_trouble)));
  absl::StatusOr<std::thread> thread =
      internal::StartThread("the thread of the watchdog", [raw = watchdog.get()] { raw->Run(); });
  if (!thread.ok()) return thread.status();
  watchdog->thread_ = *std::move(thread);
  return watchdog;
}

Watchdog::Watchdog(const ServiceManager& manager, Server& server, std::chrono::milliseconds pause,
                   OnTrouble on_trouble)
    : manager_(manager), server_(server), pause_(pause), on_trouble_(std::move(on_trouble)) {}

Watchdog::~Watchdog() {
  if (!thread_.joinable()) return;
  {
    const internal::MutexLock lock(mutex_);
    ended_ = true;
  }
  ends_.notify_all();
  thread_.join();
}

void Watchdog::Run() {
  do {
    if (const absl::Status told = Tell(); !told.ok()) on_trouble_(told);
  } while (Pause());
}

// A server that has been shut down has no loops to prove anything, and the process is about to end.
absl::Status Watchdog::Tell() {
  const absl::Status alive = server_.CheckLoops(pause_);
  if (absl::IsFailedPrecondition(alive)) return absl::OkStatus();
  return alive.ok() ? manager_.Notify("WATCHDOG=1") : alive;
}

bool Watchdog::Pause() {
  internal::MutexLock lock(mutex_);
  const auto limit = std::chrono::steady_clock::now() + pause_;
  while (!ended_) {
    if (!lock.WaitUntil(ends_, limit)) break;
  }
  return !ended_;
}

}  // namespace piperpc::daemon
