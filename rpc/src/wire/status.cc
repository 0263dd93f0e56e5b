#include "src/wire/status.h"

#include <algorithm>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "src/base/text.h"
#include "src/wire/fields.h"
#include "src/wire/limits.h"
#include "src/wire/utf8.h"

namespace piperpc::wire {
namespace {

// The field numbers of Status in frame.proto.
enum Number : std::uint32_t { kCode = 1, kMessage = 2, kDetails = 3 };

constexpr std::int64_t kLastCanonicalCode = 16;  // UNAUTHENTICATED.
// The most that tag and length of `message` take: its length is at most kMaxStatusBytes.
constexpr std::size_t kMessagePrefixBytes = 1 + VarintSize(kMaxStatusBytes);

// How many bytes of it are lost.
std::size_t AppendMessage(const absl::Status& status, std::string& out) {
  const std::size_t room = kMaxStatusBytes - out.size() - kMessagePrefixBytes;
  const std::string text = Utf8Prefix(base::ToStd(status.message()), room);
  AppendBytesField(kMessage, text, out);
  return status.message().size() - std::min(text.size(), status.message().size());
}

// Those that fit, in the status's order. How many are lost.
std::size_t AppendDetails(const absl::Status& status, std::string& out) {
  std::size_t count = 0;
  std::size_t lost = 0;
  status.ForEachPayload([&](absl::string_view type_url, const absl::Cord& value) {
    ++lost;
    if (count == kMaxStatusDetails || value.size() > kMaxStatusBytes) return;
    const std::string bytes(value);
    const std::string detail =
        EncodePair({Utf8Prefix(base::ToStd(type_url), kMaxStatusBytes), bytes});
    if (BytesFieldSize(kDetails, detail.size()) > kMaxStatusBytes - out.size()) return;
    AppendMessageField(kDetails, detail, out);
    ++count;
    --lost;
  });
  return lost;
}

StatusLoss Append(const absl::Status& status, std::string& out) {
  AppendVarintField(kCode, static_cast<std::uint64_t>(status.code()), out);
  StatusLoss loss;
  loss.text_bytes = AppendMessage(status, out);
  loss.details = AppendDetails(status, out);
  return loss;
}

absl::StatusCode CanonicalCode(std::uint64_t value) {
  const auto code = static_cast<std::int64_t>(value);
  if (code < 0 || code > kLastCanonicalCode) return absl::StatusCode::kUnknown;
  return static_cast<absl::StatusCode>(code);
}

absl::Status DecodeDetail(std::string_view bytes, absl::Status& status) {
  Pair detail;  // A type URL and a value.
  if (absl::Status damage = DecodePair(bytes, "StatusDetail", detail); !damage.ok()) return damage;
  status.SetPayload(base::ToAbsl(detail.first), absl::Cord(base::ToAbsl(detail.second)));
  return absl::OkStatus();
}

// A second pass, because details can be set only on a status whose code is known.
absl::Status DecodeDetails(std::string_view bytes, absl::Status& status) {
  FieldReader reader(bytes);
  Field field;
  for (std::size_t count = 0; count < kMaxStatusDetails && reader.Next(field);) {
    if (field.tag != MakeTag(kDetails, WireType::kBytes)) continue;
    absl::Status damage = DecodeDetail(field.bytes, status);
    if (!damage.ok()) return damage;
    ++count;
  }
  return absl::OkStatus();
}

}  // namespace

std::string EncodeStatus(const absl::Status& status) {
  std::string out;
  Append(status, out);
  return out;
}

StatusLoss LossOf(const absl::Status& status) {
  bool has_details = false;
  status.ForEachPayload([&](absl::string_view, const absl::Cord&) { has_details = true; });
  if (!has_details && status.message().size() < kMaxStatusBytes / 2) return {};
  std::string out;
  return Append(status, out);
}

absl::Status DecodeStatus(std::string_view bytes, absl::Status& status) {
  if (bytes.size() > kMaxStatusBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("the Status has ", bytes.size(), " bytes; the limit is ", kMaxStatusBytes));
  }
  std::uint64_t code = 0;
  std::string_view message;
  FieldReader reader(bytes);
  Field field;
  while (reader.Next(field)) {
    if (field.tag == MakeTag(kCode, WireType::kVarint)) code = field.value;
    if (field.tag == MakeTag(kMessage, WireType::kBytes)) message = field.bytes;
  }
  if (reader.damaged()) return reader.Damage("Status");
  absl::Status decoded(CanonicalCode(code), Utf8Prefix(message, message.size()));
  if (absl::Status damage = DecodeDetails(bytes, decoded); !damage.ok()) return damage;
  status = std::move(decoded);
  return absl::OkStatus();
}

}  // namespace piperpc::wire
