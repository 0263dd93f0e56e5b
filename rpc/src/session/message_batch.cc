#include "src/session/message_batch.h"

namespace piperpc {
namespace {

constexpr std::size_t kMostKept = 128 * 1024;

}  // namespace

void MessageBatch::Add(wire::Bytes message) {
  bytes_.append(message.data(), message.size());
  ends_.push_back(bytes_.size());
}

wire::Bytes MessageBatch::Next() {
  const std::size_t end = ends_[next_++];
  const wire::Bytes message(bytes_.data() + begin_, end - begin_);
  begin_ = end;
  return message;
}

void MessageBatch::Clear() {
  bytes_.clear();
  if (bytes_.capacity() > kMostKept) bytes_.shrink_to_fit();
  ends_.clear();
  next_ = begin_ = 0;
}

}  // namespace piperpc
