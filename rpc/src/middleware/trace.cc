#include "piperpc/trace.h"

#include <algorithm>
#include <span>

#include "absl/strings/str_join.h"
#include "src/base/text.h"

namespace piperpc {
namespace {

constexpr char kParent[] = "traceparent";
constexpr char kState[] = "tracestate";
constexpr std::size_t kMaxState = 512;  // "SHOULD propagate at least 512 characters"
constexpr char kDigits[] = "0123456789abcdef";

// Of version 00: "vv-tttttttttttttttttttttttttttttttt-ssssssssssssssss-ff".
constexpr std::size_t kTraceAt = 3;
constexpr std::size_t kSpanAt = 36;
constexpr std::size_t kFlagsAt = 53;
constexpr std::size_t kSize = 55;
constexpr std::uint8_t kSampled = 1;

std::string Hex(std::span<const std::uint8_t> bytes) {
  std::string text;
  for (const std::uint8_t byte : bytes) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 0xf];
  }
  return text;
}

// False: a digit is missing, or in upper case.
bool ReadHex(std::string_view text, std::span<std::uint8_t> bytes) {
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const std::size_t high = std::string_view(kDigits).find(text[2 * i]);
    const std::size_t low = std::string_view(kDigits).find(text[2 * i + 1]);
    if (high == std::string_view::npos || low == std::string_view::npos) return false;
    bytes[i] = static_cast<std::uint8_t>(16 * high + low);
  }
  return true;
}

bool IsZero(std::span<const std::uint8_t> bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t byte) { return byte == 0; });
}

// A later version may have more behind the flags.
bool HasForm(std::string_view text, std::uint8_t version) {
  if (version == 0xff || text[2] != '-' || text[kSpanAt - 1] != '-' || text[kFlagsAt - 1] != '-') {
    return false;
  }
  return text.size() == kSize || (version != 0 && text[kSize] == '-');
}

std::optional<TraceContext> Parse(std::string_view text) {
  std::array<std::uint8_t, 1> version{};
  std::array<std::uint8_t, 1> flags{};
  TraceContext context;
  const bool read = text.size() >= kSize && ReadHex(text, version) && HasForm(text, version[0]) &&
                    ReadHex(text.substr(kTraceAt), context.trace) &&
                    ReadHex(text.substr(kSpanAt), context.span) &&
                    ReadHex(text.substr(kFlagsAt), flags);
  if (!read || IsZero(context.trace) || IsZero(context.span)) return std::nullopt;
  context.sampled = (flags[0] & kSampled) != 0;
  return context;
}

// Several values are one list.
std::string StateOf(const Metadata& metadata) {
  std::string state =
      absl::StrJoin(FindValues(metadata, kState), ",",
                    [](std::string* out, std::string_view value) { out->append(value); });
  const bool printable =
      std::all_of(state.begin(), state.end(), [](char c) { return c >= ' ' && c <= '~'; });
  return printable && state.size() <= kMaxState ? state : std::string();
}

}  // namespace

std::string ToHex(const TraceId& id) { return Hex(id); }
std::string ToHex(const SpanId& id) { return Hex(id); }

std::optional<TraceContext> FindTrace(const Metadata& metadata) {
  const std::vector<std::string_view> parents = FindValues(metadata, kParent);
  if (parents.size() != 1) return std::nullopt;
  std::optional<TraceContext> context = Parse(parents.front());
  if (context.has_value()) context->state = StateOf(metadata);
  return context;
}

void SetTrace(Metadata& metadata, const TraceContext& context) {
  std::erase_if(metadata,
                [](const auto& entry) { return entry.first == kParent || entry.first == kState; });
  metadata.emplace_back(kParent, "00-" + ToHex(context.trace) + "-" + ToHex(context.span) +
                                     (context.sampled ? "-01" : "-00"));
  if (!context.state.empty()) metadata.emplace_back(kState, context.state);
}

}  // namespace piperpc
