#include "src/server/reply_memory.h"

#include "src/server/errors.h"

namespace piperpc::server {
namespace {

constexpr std::size_t kSmallReply = 4096;  // Has memory, whatever the budget says.

}  // namespace

ReplyMemory::ReplyMemory(ConnectionHost& host, UserPart& user, Delegate& delegate)
    : host_(host),
      delegate_(delegate),
      share_(ReplyShare(host.core().options), "reply_budget_bytes, the share of a connection",
             user.reply_budget) {}

absl::Status ReplyMemory::Take(std::size_t above, std::size_t message_size) {
  const std::size_t taken = share_.used();
  if (above <= taken) return absl::OkStatus();
  if (!share_.Take(above - taken)) {
    if (message_size <= kSmallReply) return absl::OkStatus();
    return NoRoomToReply(above, share_.LimitInTheWay(above - taken));
  }
  if (taken == 0) ExpectReader();
  return absl::OkStatus();
}

void ReplyMemory::Shrink(std::size_t above) {
  if (above < share_.used()) share_.Give(share_.used() - above);
}

// Memory that others need is not for a client that reads nothing for so long.
void ReplyMemory::ExpectReader() {
  taken_at_ = host_.loop().Now();
  host_.loop().Schedule(*this, limit());
}

base::TimePoint ReplyMemory::limit() const {
  return base::After(host_.core().options.message_timeout, taken_at_);
}

bool ReplyMemory::Expired() {
  if (!in_use()) return false;
  if (limit() <= host_.loop().Now()) return true;
  host_.loop().Schedule(*this, limit());
  return false;
}

}  // namespace piperpc::server
