#include "src/base/process.h"

#include <utility>

namespace piperpc::base {
namespace {

struct Kept {
  std::shared_ptr<const void> object;
  Kept* next;
};

// Never destroyed, and without a lock, as one could be held by a thread that is not there.
std::atomic<Kept*> kept = nullptr;

}  // namespace

void KeepForever(std::shared_ptr<const void> object) {
  auto* const added = new Kept{std::move(object), kept.load()};
  while (!kept.compare_exchange_weak(added->next, added)) {
  }
}

}  // namespace piperpc::base
