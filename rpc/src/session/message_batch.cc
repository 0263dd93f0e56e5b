#include "src/session/message_batch.h"

namespace piperpc {
namespace {

constexpr std::size_t kMostKept = 128 * 1024;

}  // namespace

void MessageBatch::Add(wire::Bytes message) {
  const std::size_t size = message.size();
  char* const place = bytes_.Append(sizeof(size) + size);
  std::memcpy(place, &size, sizeof(size));
  if (size != 0) std::memcpy(place + sizeof(size), message.data(), size);
}

void MessageBatch::Clear() {
  bytes_.clear();
  if (bytes_.capacity() > kMostKept) bytes_ = {};
  next_ = 0;
}

}  // namespace piperpc
