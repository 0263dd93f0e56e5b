#include "piperpc/internal/codec.h"

#include <cstdint>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "google/protobuf/io/coded_stream.h"
#include "src/base/memory.h"
#include "src/base/text.h"

namespace piperpc::internal {
namespace {

// How deep is looked when a message was refused, to tell one that is too deep from a damaged one.
// Each level takes stack, so it is not much more than what is allowed.
constexpr int kDeepestLook = 2 * kMaxNesting;

constexpr char kNotThatMessage[] =
    "it is damaged, is a message of another type, or has a string that is not UTF-8";

// protobuf does not say why it refuses a message: whether it is taken with more levels does.
ParseResult WhyRefused(std::span<const char> bytes, google::protobuf::MessageLite& message) {
  google::protobuf::io::CodedInputStream input(reinterpret_cast<const std::uint8_t*>(bytes.data()),
                                               static_cast<int>(bytes.size()));
  input.SetRecursionLimit(kDeepestLook);
  const bool deep = message.ParseFromCodedStream(&input) && input.ConsumedEntireMessage();
  message.Clear();
  return deep ? ParseResult::kTooDeep : ParseResult::kMalformed;
}

ParseResult Parse(std::span<const char> bytes, google::protobuf::MessageLite& message) {
  if (message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return ParseResult::kParsed;
  }
  if (!MayNest(bytes.size(), kMaxNesting + 1)) return ParseResult::kMalformed;
  return WhyRefused(bytes, message);
}

}  // namespace

void OutMessage::WriteTo(char* out) const {
  if (message_ != nullptr) {
    static_cast<void>(  // Newer protobuf wants its result used: where it has written to.
        message_->SerializeWithCachedSizesToArray(reinterpret_cast<std::uint8_t*>(out)));
  } else if (!bytes_.empty()) {
    std::memcpy(out, bytes_.data(), bytes_.size());
  }
}

ParseResult ParseMessage(std::span<const char> bytes, google::protobuf::MessageLite& message) {
  return base::RunInMemory([&] { return Parse(bytes, message); },
                           [] { return ParseResult::kNoMemory; });
}

ParseResult ParseMessage(std::span<const char> bytes, RawMessage& message) {
  return base::RunInMemory(
      [&] {
        message.bytes.assign(bytes.data(), bytes.size());
        return ParseResult::kParsed;
      },
      [] { return ParseResult::kNoMemory; });
}

absl::Status TooDeepToSend(absl::StatusCode code, std::string_view what, std::size_t size) {
  return Unparsed(code, absl::StrCat("cannot send ", base::ToAbsl(what)), size,
                  ParseResult::kTooDeep);
}

absl::Status Unparsed(absl::StatusCode code, std::string_view what, std::size_t size,
                      ParseResult why) {
  if (why == ParseResult::kNoMemory) return base::OutOfMemory("a message", size);
  return absl::Status(
      code, absl::StrCat(base::ToAbsl(what), " of ", size, " bytes: ", ExplainUnparsed(why, size)));
}

std::string ExplainUnparsed(ParseResult why, std::size_t size) {
  if (why == ParseResult::kTooDeep) {
    return absl::StrCat("it nests more than ", kMaxNesting,
                        " levels of messages, which is the limit; make it flatter, or send a part "
                        "of it as bytes");
  }
  if (!MayNest(size, kDeepestLook + 1)) return kNotThatMessage;
  return absl::StrCat(kNotThatMessage, ", or it nests more than ", kDeepestLook,
                      " levels of messages, of which ", kMaxNesting, " is the limit");
}

}  // namespace piperpc::internal
