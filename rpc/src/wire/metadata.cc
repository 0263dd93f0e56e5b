#include "src/wire/metadata.h"

#include <algorithm>

#include "absl/functional/function_ref.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "src/base/text.h"
#include "src/wire/fields.h"
#include "src/wire/limits.h"

namespace piperpc {
namespace {

bool IsKeyCharacter(char c) {
  return ('a' <= c && c <= 'z') || ('0' <= c && c <= '9') || c == '-' || c == '_' || c == '.';
}

// Keys are short; of one that is not, the beginning says which.
std::string Quoted(std::string_view key) {
  const bool whole = key.size() <= wire::kMaxKeyBytes;
  return absl::StrCat("\"", absl::CHexEscape(base::ToAbsl(key.substr(0, wire::kMaxKeyBytes))),
                      whole ? "\"" : "...\"");
}

}  // namespace

absl::Status CheckMetadataKey(std::string_view key) {
  if (key.empty() || key.size() > wire::kMaxKeyBytes) {
    return absl::InvalidArgumentError(absl::StrCat("the metadata key ", Quoted(key), " has ",
                                                   key.size(), " bytes; it must have 1 to ",
                                                   wire::kMaxKeyBytes));
  }
  const auto bad = std::find_if_not(key.begin(), key.end(), IsKeyCharacter);
  if (bad == key.end()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("the metadata key ", Quoted(key), " has the byte 0x",
                   absl::Hex(static_cast<unsigned char>(*bad), absl::kZeroPad2), " at offset ",
                   bad - key.begin(), "; allowed are a-z, 0-9, '-', '_' and '.'"));
}

}  // namespace piperpc

namespace piperpc::wire {
namespace {

constexpr std::uint32_t kMetadata = 6;  // In FrameHeader.

// Calls `take` with each entry, until it refuses one.
absl::Status ForEachEntry(std::string_view fields, absl::FunctionRef<absl::Status(Pair)> take) {
  FieldReader reader(fields);
  Field field;
  while (reader.Next(field)) {
    if (field.tag != MakeTag(kMetadata, WireType::kBytes)) {
      return absl::InvalidArgumentError(
          absl::StrCat("FrameHeader field ", field.number(), " among the metadata"));
    }
    Pair entry;
    absl::Status status = DecodePair(field.bytes, "MetadataEntry", entry);
    if (status.ok()) status = take(entry);
    if (!status.ok()) return status;
  }
  return reader.damaged() ? reader.Damage("metadata") : absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::string> EncodeMetadata(const Metadata& metadata, std::size_t limit) {
  std::string fields;
  for (const auto& [key, value] : metadata) {
    if (absl::Status status = CheckMetadataKey(key); !status.ok()) return status;
    AppendMessageField(kMetadata, EncodePair({key, value}), fields);
  }
  limit = std::min(limit, kMaxMetadataBytes);
  if (fields.size() <= limit) return fields;
  return absl::ResourceExhaustedError(
      absl::StrCat("the metadata has ", fields.size(), " bytes; the limit is ", limit));
}

absl::Status CheckSomeMetadataFields(std::string_view fields) {
  return ForEachEntry(fields, [](Pair) { return absl::OkStatus(); });
}

absl::StatusOr<Metadata> DecodeMetadata(std::string_view fields) {
  Metadata metadata;
  absl::Status status = ForEachEntry(fields, [&metadata](Pair entry) {
    metadata.emplace_back(entry.first, entry.second);
    return CheckMetadataKey(entry.first);
  });
  if (!status.ok()) return status;
  return metadata;
}

}  // namespace piperpc::wire
