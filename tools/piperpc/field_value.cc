#include "tools/piperpc/field_value.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "google/protobuf/text_format.h"
#include "piperpc/internal/codec.h"
#include "tools/piperpc/failure.h"
#include "tools/piperpc/json.h"
#include "tools/piperpc/scalar_field.h"
#include "tools/shared/json_text.h"

namespace piperpc::cli {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

bool IsPathCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '.' || c == '-';
}

// google.protobuf.StringValue and its like: one scalar in a message, which tells whether it is
// there.
bool IsWrapper(const google::protobuf::Descriptor& type) {
  using google::protobuf::Descriptor;
  return type.well_known_type() >= Descriptor::WELLKNOWNTYPE_DOUBLEVALUE &&
         type.well_known_type() <= Descriptor::WELLKNOWNTYPE_BOOLVALUE;
}

// What does not look like JSON is a JSON string of it: a Duration as 5s.
Outcome SetMessage(Message& target, std::string_view value) {
  const auto& type = *target.GetDescriptor();
  if (IsWrapper(type)) return SetScalar(target, *type.FindFieldByNumber(1), value);
  const bool json = !value.empty() && std::string_view("{[\"").find(value[0]) != value.npos;
  return FromJson(json ? std::string(value) : tools::QuoteJson(value), target);
}

Message& MutableMessage(Message& message, const FieldDescriptor& field) {
  const auto& reflection = *message.GetReflection();
  return field.is_repeated() ? *reflection.AddMessage(&message, &field)
                             : *reflection.MutableMessage(&message, &field);
}

// Setting one field of a oneof takes another away.
Outcome CheckOneof(const Message& message, const FieldDescriptor& field) {
  const auto* const oneof = field.real_containing_oneof();
  if (oneof == nullptr) return Outcome();
  const FieldDescriptor* const set =
      message.GetReflection()->GetOneofFieldDescriptor(message, oneof);
  if (set == nullptr || set == &field) return Outcome();
  return UsageError(absl::StrCat("fields ", set->name(), " and ", field.name(),
                                 " were both given, but the oneof ", oneof->name(),
                                 " can hold only one of its fields; leave one out"));
}

// A message may have any number of them.
std::string FieldNames(const google::protobuf::Descriptor& type) {
  constexpr int kMost = 20;
  std::vector<std::string> names;
  for (int i = 0; i < std::min(type.field_count(), kMost); ++i) {
    names.emplace_back(type.field(i)->name());
  }
  if (names.empty()) return "none";
  if (type.field_count() > kMost) names.emplace_back("...");
  return absl::StrJoin(names, ", ");
}

OutcomeOr<const FieldDescriptor*> FindField(const Message& message, std::string_view name) {
  const auto& type = *message.GetDescriptor();
  const std::string text(name);
  const FieldDescriptor* field = type.FindFieldByName(text);
  if (field == nullptr) field = type.FindFieldByCamelcaseName(text);
  if (field != nullptr) return field;
  return UsageError(NoSuchField(type, name));
}

// The key of a map's entry, in one spelling: 01 is 1.
std::string KeyOf(const Message& entry) {
  std::string key;
  const FieldDescriptor& field = *entry.GetDescriptor()->map_key();
  google::protobuf::TextFormat::PrintFieldValueToString(entry, &field, -1, &key);
  return key;
}

bool BeginsWith(const std::vector<std::string>& path, const std::vector<std::string>& part) {
  return part.size() <= path.size() && std::equal(part.begin(), part.end(), path.begin());
}

}  // namespace

std::string NoSuchField(const google::protobuf::Descriptor& type, std::string_view name) {
  return absl::StrCat(type.full_name(), " has no field ", std::string(name), "; it has ",
                      FieldNames(type));
}

bool LooksLikeAssignment(std::string_view word) {
  const std::size_t equals = word.find('=');
  if (equals == word.npos || equals == 0) return false;
  const std::string_view path = word.substr(0, equals);
  return std::all_of(path.begin(), path.end(), IsPathCharacter);
}

Outcome Assignments::Note(const Path& path, std::string_view value) {
  for (const auto& [other, other_value] : given_) {
    if (other == path) {
      return UsageError(absl::StrCat("field ", absl::StrJoin(path, "."), " was given twice: as \"",
                                     other_value, "\" and as \"", std::string(value),
                                     "\"; it holds one value, so ", std::string(if_twice_)));
    }
    if (BeginsWith(other, path) || BeginsWith(path, other)) {
      return UsageError(absl::StrCat("fields ", absl::StrJoin(other, "."), " and ",
                                     absl::StrJoin(path, "."),
                                     " were both given, but one is inside the other; give the "
                                     "outer one as JSON alone, or only fields inside it"));
    }
  }
  given_.emplace(path, value);
  return Outcome();
}

Outcome Assignments::SetField(Message& message, const FieldDescriptor& field, const Path& path,
                              std::string_view value) {
  if (!field.is_repeated()) {
    const Outcome noted = Note(path, value);
    if (!noted.ok()) return noted;
  }
  const bool is_message = field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
  const Outcome set = is_message ? SetMessage(MutableMessage(message, field), value)
                                       .After(absl::StrCat("field ", field.name(), ": "))
                                 : SetScalar(message, field, value);
  if (set.ok() || !field.is_repeated() || !value.starts_with('[')) return set;
  return UsageError(
      absl::StrCat(set.message(), "; give each value of a list as ", field.name(), "=VALUE"));
}

Outcome Assignments::SetMapEntry(Message& message, const FieldDescriptor& field, Path path,
                                 std::string_view key, std::string_view value) {
  Message& entry = MutableMessage(message, field);
  const auto& type = *field.message_type();
  const Outcome set =
      SetScalar(entry, *type.map_key(), key).After(absl::StrCat("map ", field.name(), ": "));
  if (!set.ok()) return set;
  path.push_back(KeyOf(entry));
  return SetField(entry, *type.map_value(), path, value);
}

Outcome Assignments::AssignAt(Message& message, Path path, std::string_view rest,
                              std::string_view value) {
  const std::size_t dot = rest.find('.');
  const OutcomeOr<const FieldDescriptor*> found = FindField(message, rest.substr(0, dot));
  if (!found.ok()) return found.outcome();
  const FieldDescriptor& field = **found;
  path.emplace_back(field.name());
  const Outcome alone = CheckOneof(message, field);
  if (!alone.ok()) return alone;
  if (field.is_map() && dot == rest.npos) {
    return UsageError(absl::StrCat("field ", field.name(), " is a map: give ", field.name(),
                                   ".KEY=VALUE for each entry"));
  }
  if (dot == rest.npos) return SetField(message, field, path, value);
  if (path.size() > internal::kMaxNesting) {
    return UsageError(absl::StrCat("a field more than ", internal::kMaxNesting,
                                   " levels of messages deep cannot be set: no server can read "
                                   "that; make the request flatter"));
  }
  const std::string_view inside = rest.substr(dot + 1);
  if (field.is_map()) return SetMapEntry(message, field, std::move(path), inside, value);
  if (field.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE || field.is_repeated()) {
    return UsageError(absl::StrCat("field ", field.name(),
                                   " is not a single message: nothing can be set inside it; give a "
                                   "message of a repeated field as JSON"));
  }
  return AssignAt(*message.GetReflection()->MutableMessage(&message, &field), std::move(path),
                  inside, value);
}

Outcome Assignments::Add(std::string_view assignment) {
  const std::size_t equals = assignment.find('=');
  if (equals == assignment.npos) {
    return UsageError(
        absl::StrCat("\"", std::string(assignment), "\" is not of the form field=value"));
  }
  return AssignAt(message_, {}, assignment.substr(0, equals), assignment.substr(equals + 1));
}

}  // namespace piperpc::cli
