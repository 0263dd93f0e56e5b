#include "tools/piperpc/json_field_error.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "tools/piperpc/field_value.h"
#include "tools/piperpc/scalar_field.h"

namespace piperpc::cli {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

// Takes "(homes[1].floors)" off the front of `text`; without the brackets. Empty: there is none.
std::string_view TakePath(std::string_view& text) {
  if (!text.starts_with('(')) return {};
  const std::string_view path = text.substr(1, text.find(')') - 1);
  text.remove_prefix(std::min(text.size(), path.size() + 2));
  return path;
}

// The last field of "homes[1].floors"; nullptr: `type` has no such path.
const FieldDescriptor* FieldAt(const Descriptor* type, std::string_view path) {
  const FieldDescriptor* field = nullptr;
  while (type != nullptr && !path.empty()) {
    const std::size_t dot = path.find('.');
    const std::string_view step = path.substr(0, dot);
    field = type->FindFieldByName(std::string(step.substr(0, step.find('['))));
    type = field == nullptr ? nullptr : field->message_type();
    path = dot == path.npos ? "" : path.substr(dot + 1);
  }
  return path.empty() ? field : nullptr;
}

// "(homes[1]) tex: Cannot find field."
std::optional<std::string> UnknownField(const Descriptor& root, std::string_view said) {
  constexpr std::string_view kEnd = ": Cannot find field.";
  if (!said.ends_with(kEnd)) return std::nullopt;
  said.remove_suffix(kEnd.size());
  const std::string_view path = TakePath(said);
  if (said.starts_with(' ')) said.remove_prefix(1);
  const FieldDescriptor* const field = path.empty() ? nullptr : FieldAt(&root, path);
  const Descriptor* const type = field == nullptr ? nullptr : field->message_type();
  if (!path.empty() && type == nullptr) return std::nullopt;
  return NoSuchField(type == nullptr ? root : *type, said);
}

// "(homes[1].floors): invalid value "x" for type TYPE_INT32"
std::optional<std::string> WrongValue(const Descriptor& root, std::string_view said) {
  constexpr std::string_view kBegin = ": invalid value ";
  const std::string_view path = TakePath(said);
  const std::size_t end = said.rfind(" for type ");
  if (!said.starts_with(kBegin) || end == said.npos || end < kBegin.size()) return std::nullopt;
  const FieldDescriptor* const field = FieldAt(&root, path);
  if (field == nullptr) return std::nullopt;
  return absl::StrCat("field ", std::string(path), ": ",
                      std::string(said.substr(kBegin.size(), end - kBegin.size())),
                      " is not valid: must be ", WhatItTakes(*field));
}

}  // namespace

std::optional<std::string> JsonFieldErrorText(const Descriptor& type, std::string_view said) {
  std::optional<std::string> text = UnknownField(type, said);
  return text.has_value() ? text : WrongValue(type, said);
}

}  // namespace piperpc::cli
