#include "services/auth/hash_queue.h"

#include <utility>

#include "services/auth/thread_priority.h"

namespace services {

HashQueue::HashQueue(std::size_t threads, std::size_t max_waiting)
    : pool_(threads, max_waiting, "hash_threads", "hash_queue") {}

absl::Status HashQueue::Run(const std::string& user, absl::AnyInvocable<void()> work) {
  const std::shared_ptr<piperpc::WorkerPool> part = PartOf(user);
  return part->Run([part, work = std::move(work)]() mutable {
    GiveWayToOthers();
    work();
  });
}

std::shared_ptr<piperpc::WorkerPool> HashQueue::PartOf(const std::string& user) {
  const piperpc::internal::MutexLock lock(mutex_);
  std::erase_if(parts_, [](const auto& each) { return each.second.expired(); });
  std::weak_ptr<piperpc::WorkerPool>& part = parts_[user];
  std::shared_ptr<piperpc::WorkerPool> live = part.lock();
  if (live == nullptr) part = live = std::make_shared<piperpc::WorkerPool>(pool_, user);
  return live;
}

}  // namespace services
