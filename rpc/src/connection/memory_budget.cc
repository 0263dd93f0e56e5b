#include "src/connection/memory_budget.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "src/base/text.h"

namespace piperpc::connection {
namespace {

// What each connection has without asking. Its packet buffers are of that order, too.
constexpr std::size_t kOwnBytes = 16 * 1024;

// What is taken from a budget, and given back to it, at once.
constexpr std::size_t kStep = 64 * 1024;

}  // namespace

bool MemoryBudget::TakeHere(std::size_t bytes) {
  std::size_t used = used_.load(std::memory_order_relaxed);
  do {
    if (bytes > limit_ - used) return false;
  } while (!used_.compare_exchange_weak(used, used + bytes, std::memory_order_relaxed));
  return true;
}

bool MemoryBudget::Take(std::size_t bytes) {
  if (!TakeHere(bytes)) return false;
  if (parent_ == nullptr || parent_->Take(bytes)) return true;
  used_.fetch_sub(bytes, std::memory_order_relaxed);
  return false;
}

void MemoryBudget::Give(std::size_t bytes) {
  used_.fetch_sub(bytes, std::memory_order_relaxed);
  if (parent_ != nullptr) parent_->Give(bytes);
}

const MemoryBudget& MemoryBudget::Full(std::size_t bytes) const {
  const bool full = bytes > limit_ - used_.load(std::memory_order_relaxed);
  return full || parent_ == nullptr ? *this : parent_->Full(bytes);
}

MemoryShare::MemoryShare(std::size_t limit, const char* name, MemoryBudget& budget)
    : limit_(limit),
      name_(name),
      own_(std::min(limit, kOwnBytes)),
      budget_(budget),
      reserved_(own_) {}

MemoryShare::~MemoryShare() {
  if (reserved_ > own_) budget_.Give(reserved_ - own_);
}

bool MemoryShare::Reserve(std::size_t bytes) {
  if (bytes > limit_ - used_) return false;
  const std::size_t needed = used_ + bytes;
  const std::size_t wanted = std::min(limit_, needed + kStep - 1 - (needed + kStep - 1) % kStep);
  for (const std::size_t reserved : {wanted, needed}) {
    if (!budget_.Take(reserved - reserved_)) continue;
    SetReserved(reserved);
    return true;
  }
  return false;
}

void MemoryShare::GiveBack() {
  const std::size_t left = used_ <= own_ ? own_ : std::min(reserved_, used_ + kStep);
  budget_.Give(reserved_ - left);
  SetReserved(left);
}

// An idle connection keeps nothing of the budget; a busy one does not take and give all the time.
void MemoryShare::SetReserved(std::size_t bytes) {
  reserved_ = bytes;
  const std::size_t kept = 2 * kStep;
  give_back_below_ = bytes <= own_ ? 0 : std::max(own_ + 1, bytes > kept ? bytes - kept : 0);
}

std::string MemoryShare::LimitInTheWay(std::size_t bytes) const {
  const MemoryBudget& full = budget_.Full(used_ + bytes - std::min(reserved_, used_ + bytes));
  const bool here = bytes > limit_ - used_;
  return absl::StrCat("the limit of ", here ? limit_ : full.limit(), " bytes (",
                      base::ToAbsl(here ? name_ : full.name()), ")");
}

}  // namespace piperpc::connection
