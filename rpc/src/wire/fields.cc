#include "src/wire/fields.h"

#include "absl/strings/str_cat.h"
#include "src/base/text.h"

namespace piperpc::wire {
namespace {

void AppendVarint(std::uint64_t value, std::string& out) {
  char buffer[kMaxVarintBytes];
  out.append(buffer, PutVarint(value, buffer));
}

}  // namespace

absl::Status FieldReader::Damage(std::string_view name) const {
  return absl::InvalidArgumentError(absl::StrCat(base::ToAbsl(name), " of ", end_ - begin_,
                                                 " bytes is damaged: ", damage_, ", at byte ",
                                                 p_ - begin_));
}

void AppendVarintField(std::uint32_t number, std::uint64_t value, std::string& out) {
  if (value == 0) return;
  char buffer[2 * kMaxVarintBytes];
  const char* const end = PutVarint(value, PutVarint(MakeTag(number, WireType::kVarint), buffer));
  out.append(buffer, static_cast<std::size_t>(end - buffer));
}

void AppendFixed32Field(std::uint32_t number, std::uint32_t value, std::string& out) {
  if (value == 0) return;
  AppendVarint(MakeTag(number, WireType::kFixed32), out);
  char buffer[4];
  out.append(buffer, PutU32(value, buffer));
}

void AppendBytesField(std::uint32_t number, std::string_view bytes, std::string& out) {
  if (!bytes.empty()) AppendMessageField(number, bytes, out);
}

void AppendMessageField(std::uint32_t number, std::string_view message, std::string& out) {
  AppendVarint(MakeTag(number, WireType::kBytes), out);
  AppendVarint(message.size(), out);
  out.append(message);
}

std::string EncodePair(const Pair& pair) {
  std::string message;
  AppendBytesField(1, pair.first, message);
  AppendBytesField(2, pair.second, message);
  return message;
}

absl::Status DecodePair(std::string_view message, std::string_view name, Pair& pair) {
  FieldReader reader(message);
  Field field;
  while (reader.Next(field)) {
    if (field.tag == MakeTag(1, WireType::kBytes)) pair.first = field.bytes;
    if (field.tag == MakeTag(2, WireType::kBytes)) pair.second = field.bytes;
  }
  return reader.damaged() ? reader.Damage(name) : absl::OkStatus();
}

}  // namespace piperpc::wire
