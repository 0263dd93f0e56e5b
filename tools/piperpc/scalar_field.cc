#include "tools/piperpc/scalar_field.h"

#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tools/piperpc/failure.h"

namespace piperpc::cli {
namespace {

using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

template <typename Number>
std::optional<Number> ParseWhole(std::string_view text) {
  Number number{};
  const char* const last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, number);
  if (error != std::errc() || end != last) return std::nullopt;
  return number;
}

std::optional<double> ParseReal(std::string_view text, double largest) {
  double number = 0;
  if (!absl::SimpleAtod({text.data(), text.size()}, &number)) return std::nullopt;
  if (std::isfinite(number) && std::abs(number) > largest) return std::nullopt;
  const bool too_large = std::isinf(number) && text.find_first_of("0123456789") != text.npos;
  return too_large ? std::nullopt : std::optional(number);
}

std::optional<bool> ParseBool(std::string_view text) {
  if (text == "true") return true;
  if (text == "false") return false;
  return std::nullopt;
}

std::optional<std::string> ParseBytes(std::string_view text) {
  std::string bytes;
  if (!absl::Base64Unescape({text.data(), text.size()}, &bytes)) return std::nullopt;
  return bytes;
}

const EnumValueDescriptor* ParseEnum(const FieldDescriptor& field, std::string_view text) {
  const auto& type = *field.enum_type();
  const std::optional<int> number = ParseWhole<int>(text);
  return number.has_value() ? type.FindValueByNumber(*number)
                            : type.FindValueByName(std::string(text));
}

std::string NamesOf(const google::protobuf::EnumDescriptor& type) {
  std::vector<std::string> names;
  for (int i = 0; i < type.value_count(); ++i) names.emplace_back(type.value(i)->name());
  return absl::StrJoin(names, ", ");
}

template <typename Number>
std::string RangeOf(const FieldDescriptor& field) {
  return absl::StrCat("a whole number (", field.type_name(), ") from ",
                      std::numeric_limits<Number>::min(), " to ",
                      std::numeric_limits<Number>::max());
}

Outcome Refuse(const FieldDescriptor& field, std::string_view text) {
  return UsageError(absl::StrCat("field ", field.name(), ": \"", std::string(text),
                                 "\" is not valid: must be ", WhatItTakes(field)));
}

template <typename Argument>
using Setter = void (Reflection::*)(Message*, const FieldDescriptor*, Argument) const;

// Sets or adds; false when there is no value.
template <typename Value, typename Argument>
bool Store(Message& message, const FieldDescriptor& field, const std::optional<Value>& value,
           Setter<Argument> set, Setter<Argument> add) {
  if (!value.has_value()) return false;
  const Reflection& reflection = *message.GetReflection();
  (reflection.*(field.is_repeated() ? add : set))(&message, &field, static_cast<Argument>(*value));
  return true;
}

std::optional<std::string> ParseText(const FieldDescriptor& field, std::string_view text) {
  if (field.type() == FieldDescriptor::TYPE_BYTES) return ParseBytes(text);
  return std::string(text);
}

bool StoreEnum(Message& message, const FieldDescriptor& field, const EnumValueDescriptor* value) {
  if (value == nullptr) return false;
  const Reflection& reflection = *message.GetReflection();
  if (field.is_repeated()) {
    reflection.AddEnum(&message, &field, value);
  } else {
    reflection.SetEnum(&message, &field, value);
  }
  return true;
}

bool StoreParsed(Message& message, const FieldDescriptor& field, std::string_view text) {
  using R = Reflection;
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return Store(message, field, ParseWhole<std::int32_t>(text), &R::SetInt32, &R::AddInt32);
    case FieldDescriptor::CPPTYPE_INT64:
      return Store(message, field, ParseWhole<std::int64_t>(text), &R::SetInt64, &R::AddInt64);
    case FieldDescriptor::CPPTYPE_UINT32:
      return Store(message, field, ParseWhole<std::uint32_t>(text), &R::SetUInt32, &R::AddUInt32);
    case FieldDescriptor::CPPTYPE_UINT64:
      return Store(message, field, ParseWhole<std::uint64_t>(text), &R::SetUInt64, &R::AddUInt64);
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return Store(message, field, ParseReal(text, std::numeric_limits<double>::max()),
                   &R::SetDouble, &R::AddDouble);
    case FieldDescriptor::CPPTYPE_FLOAT:
      return Store(message, field, ParseReal(text, std::numeric_limits<float>::max()), &R::SetFloat,
                   &R::AddFloat);
    case FieldDescriptor::CPPTYPE_BOOL:
      return Store(message, field, ParseBool(text), &R::SetBool, &R::AddBool);
    case FieldDescriptor::CPPTYPE_STRING:
      return Store(message, field, ParseText(field, text), &R::SetString, &R::AddString);
    case FieldDescriptor::CPPTYPE_ENUM:
      return StoreEnum(message, field, ParseEnum(field, text));
    case FieldDescriptor::CPPTYPE_MESSAGE:
      break;
  }
  return false;
}

}  // namespace

std::string WhatItTakes(const FieldDescriptor& field) {
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return RangeOf<std::int32_t>(field);
    case FieldDescriptor::CPPTYPE_INT64:
      return RangeOf<std::int64_t>(field);
    case FieldDescriptor::CPPTYPE_UINT32:
      return RangeOf<std::uint32_t>(field);
    case FieldDescriptor::CPPTYPE_UINT64:
      return RangeOf<std::uint64_t>(field);
    case FieldDescriptor::CPPTYPE_BOOL:
      return "true or false";
    case FieldDescriptor::CPPTYPE_ENUM:
      return absl::StrCat("one of ", NamesOf(*field.enum_type()));
    case FieldDescriptor::CPPTYPE_STRING:
      return field.type() == FieldDescriptor::TYPE_BYTES ? "base64" : "a string";
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return absl::StrCat("a ", field.message_type()->full_name());
    default:
      return absl::StrCat("a ", field.type_name());
  }
}

Outcome SetScalar(Message& message, const FieldDescriptor& field, std::string_view text) {
  if (field.type() == FieldDescriptor::TYPE_STRING) {
    const Outcome checked = CheckUtf8(absl::StrCat("field ", field.name()), text);
    if (!checked.ok()) return checked;
  }
  return StoreParsed(message, field, text) ? Outcome() : Refuse(field, text);
}

}  // namespace piperpc::cli
