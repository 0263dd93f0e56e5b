#include "tools/piperpc/descriptor_check.h"

#include <cstdint>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "google/protobuf/unknown_field_set.h"
#include "tools/piperpc/well_known_types.h"

namespace piperpc::cli {
namespace {

using google::protobuf::DescriptorProto;
using google::protobuf::FieldDescriptorProto;
using google::protobuf::FileDescriptorProto;
using google::protobuf::UnknownFieldSet;

// The parser keeps a number that an enum does not have among what it does not know.
std::optional<std::uint64_t> UnknownNumber(const UnknownFieldSet& unknown, int field) {
  for (int i = 0; i < unknown.field_count(); ++i) {
    const auto& each = unknown.field(i);
    if (each.number() == field && each.type() == google::protobuf::UnknownField::TYPE_VARINT) {
      return each.varint();
    }
  }
  return std::nullopt;
}

// A group's message stands beside its one field, which has its name in small letters. Others could
// lead back to where they stand, and would be printed without end.
std::string FaultOfGroup(const std::string& scope, const FieldDescriptorProto& field) {
  absl::string_view type = field.type_name();
  const bool beside = absl::ConsumePrefix(&type, absl::StrCat(".", scope));
  if (beside && absl::AsciiStrToLower(type) == field.name()) return "";
  return absl::StrCat("field ", scope, field.name(),
                      " is a group of another message: ", field.type_name());
}

std::string FaultOf(const std::string& scope, const FieldDescriptorProto& field) {
  const UnknownFieldSet& unknown = field.GetReflection()->GetUnknownFields(field);
  const std::string name = absl::StrCat("field ", scope, field.name());
  const auto type = UnknownNumber(unknown, FieldDescriptorProto::kTypeFieldNumber);
  if (type.has_value()) return absl::StrCat(name, " has an unknown type: ", *type);
  const auto label = UnknownNumber(unknown, FieldDescriptorProto::kLabelFieldNumber);
  if (label.has_value()) {
    return absl::StrCat(name, " has an unknown label: ", *label);
  }
  if (field.type() == FieldDescriptorProto::TYPE_GROUP) return FaultOfGroup(scope, field);
  if (field.has_type() || !field.type_name().empty()) return "";
  return absl::StrCat(name, " has no type");
}

template <typename Fields>
std::string FaultOfAny(const std::string& scope, const Fields& fields) {
  for (const FieldDescriptorProto& field : fields) {
    std::string fault = FaultOf(scope, field);
    if (!fault.empty()) return fault;
  }
  return "";
}

// Goes as deep as the file nests, which its parser has limited.
template <typename Messages>
std::string FaultInAny(const std::string& scope, const Messages& messages) {
  for (const DescriptorProto& message : messages) {
    const std::string inner = absl::StrCat(scope, message.name(), ".");
    std::string fault = FaultOfWellKnownType(absl::StrCat(scope, message.name()), message);
    if (fault.empty()) fault = FaultOfAny(inner, message.field());
    if (fault.empty()) fault = FaultOfAny(inner, message.extension());
    if (fault.empty()) fault = FaultInAny(inner, message.nested_type());
    if (!fault.empty()) return fault;
  }
  return "";
}

template <typename Messages>
std::size_t CountAll(const Messages& messages) {
  std::size_t count = messages.size();
  for (const DescriptorProto& message : messages) count += CountAll(message.nested_type());
  return count;
}

}  // namespace

std::size_t CountMessageTypes(const FileDescriptorProto& file) {
  return CountAll(file.message_type());
}

std::string FindFault(const FileDescriptorProto& file) {
  for (const std::string& import : file.dependency()) {
    if (import == file.name()) return "it imports itself";
  }
  const std::string scope = file.package().empty() ? "" : absl::StrCat(file.package(), ".");
  std::string fault = FaultOfAny(scope, file.extension());
  return fault.empty() ? FaultInAny(scope, file.message_type()) : fault;
}

}  // namespace piperpc::cli
