#include "src/connection/message_batch.h"

namespace piperpc::connection {
namespace {

constexpr std::size_t kMostKept = 128 * 1024;

}  // namespace

void MessageBatch::Clear() {
  bytes_.clear();
  if (bytes_.capacity() > kMostKept) bytes_ = {};
  next_ = 0;
}

}  // namespace piperpc::connection
