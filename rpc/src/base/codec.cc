#include "piperpc/internal/codec.h"

#include <cstdint>
#include <cstring>

#include "google/protobuf/io/coded_stream.h"

namespace piperpc::internal {
namespace {

// A level takes two bytes at least.
constexpr std::size_t kTooSmallToBeDeep = 2 * kMaxNesting;

}  // namespace

void OutMessage::WriteTo(char* out) const {
  if (message_ != nullptr) {
    message_->SerializeWithCachedSizesToArray(reinterpret_cast<std::uint8_t*>(out));
  } else if (!bytes_.empty()) {
    std::memcpy(out, bytes_.data(), bytes_.size());
  }
}

bool ParseMessage(std::span<const char> bytes, google::protobuf::MessageLite& message,
                  Nesting nesting) {
  const int size = static_cast<int>(bytes.size());
  const bool never_too_deep = nesting == Nesting::kShallow || bytes.size() <= kTooSmallToBeDeep;
  if (never_too_deep) return message.ParseFromArray(bytes.data(), size);
  google::protobuf::io::CodedInputStream input(reinterpret_cast<const std::uint8_t*>(bytes.data()),
                                               size);
  input.SetRecursionLimit(kMaxNesting);
  return message.ParseFromCodedStream(&input) && input.ConsumedEntireMessage();
}

}  // namespace piperpc::internal
