#include "tools/piperpc/field_value.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "tools/piperpc/failure.h"
#include "tools/piperpc/json.h"
#include "tools/piperpc/scalar_field.h"

namespace piperpc::cli {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

bool IsPathCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '.' || c == '-';
}

// A message may be given as JSON. What does not look like JSON is a string of it: a Duration as 5s.
Outcome SetMessage(Message& target, std::string_view value) {
  const bool json = !value.empty() && std::string_view("{[\"").find(value[0]) != value.npos;
  return FromJson(json ? std::string(value) : absl::StrCat("\"", std::string(value), "\""), target);
}

Message& MutableMessage(Message& message, const FieldDescriptor& field) {
  const auto& reflection = *message.GetReflection();
  return field.is_repeated() ? *reflection.AddMessage(&message, &field)
                             : *reflection.MutableMessage(&message, &field);
}

Outcome SetField(Message& message, const FieldDescriptor& field, std::string_view value) {
  if (!field.is_repeated() && message.GetReflection()->HasField(message, &field)) {
    return UsageError(absl::StrCat("field ", field.name(), " was given twice"));
  }
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
    return SetMessage(MutableMessage(message, field), value);
  }
  return SetScalar(message, field, value);
}

Outcome SetMapEntry(Message& message, const FieldDescriptor& field, std::string_view key,
                    std::string_view value) {
  Message& entry = MutableMessage(message, field);
  const Outcome status = SetScalar(entry, *field.message_type()->map_key(), key);
  return status.ok() ? SetField(entry, *field.message_type()->map_value(), value) : status;
}

OutcomeOr<const FieldDescriptor*> FindField(const Message& message, std::string_view name) {
  const auto& type = *message.GetDescriptor();
  const std::string text(name);
  const FieldDescriptor* field = type.FindFieldByName(text);
  if (field == nullptr) field = type.FindFieldByCamelcaseName(text);
  if (field != nullptr) return field;
  return UsageError(absl::StrCat(type.full_name(), " has no field ", text));
}

Outcome AssignAt(Message& message, std::string_view path, std::string_view value) {
  const std::size_t dot = path.find('.');
  const OutcomeOr<const FieldDescriptor*> found = FindField(message, path.substr(0, dot));
  if (!found.ok()) return found.outcome();
  const FieldDescriptor& field = **found;
  if (dot == path.npos) return SetField(message, field, value);
  const std::string_view rest = path.substr(dot + 1);
  if (field.is_map()) return SetMapEntry(message, field, rest, value);
  if (field.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE || field.is_repeated()) {
    return UsageError(absl::StrCat("field ", field.name(),
                                   " is no single message: nothing can be set inside it; give a "
                                   "message of a repeated field as JSON"));
  }
  return AssignAt(*message.GetReflection()->MutableMessage(&message, &field), rest, value);
}

}  // namespace

bool LooksLikeAssignment(std::string_view word) {
  const std::size_t equals = word.find('=');
  if (equals == word.npos || equals == 0) return false;
  const std::string_view path = word.substr(0, equals);
  return std::all_of(path.begin(), path.end(), IsPathCharacter);
}

Outcome Assign(std::string_view assignment, Message& message) {
  const std::size_t equals = assignment.find('=');
  if (equals == assignment.npos) {
    return UsageError(absl::StrCat("\"", std::string(assignment), "\" is not field=value"));
  }
  return AssignAt(message, assignment.substr(0, equals), assignment.substr(equals + 1));
}

}  // namespace piperpc::cli
