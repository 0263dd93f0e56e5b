#include "piperpc/internal/codec.h"

#include <cstdint>
#include <cstring>

#include "google/protobuf/io/coded_stream.h"

namespace piperpc::internal {
namespace {

// protobuf's own default is 100, which is too deep for a worker's stack when a handler recurses
// along with the message.
constexpr int kMaxDepth = 32;

// A level takes two bytes at least, so what is this small is never deeper than that and takes the
// shorter way.
constexpr std::size_t kNeverTooDeep = 2 * kMaxDepth;

}  // namespace

void OutMessage::WriteTo(char* out) const {
  if (message_ != nullptr) {
    message_->SerializeWithCachedSizesToArray(reinterpret_cast<std::uint8_t*>(out));
  } else if (!bytes_.empty()) {
    std::memcpy(out, bytes_.data(), bytes_.size());
  }
}

bool ParseMessage(std::span<const char> bytes, google::protobuf::MessageLite& message) {
  const int size = static_cast<int>(bytes.size());
  if (bytes.size() <= kNeverTooDeep) return message.ParseFromArray(bytes.data(), size);
  google::protobuf::io::CodedInputStream input(reinterpret_cast<const std::uint8_t*>(bytes.data()),
                                               size);
  input.SetRecursionLimit(kMaxDepth);
  return message.ParseFromCodedStream(&input) && input.ConsumedEntireMessage();
}

}  // namespace piperpc::internal
