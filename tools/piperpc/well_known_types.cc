#include "tools/piperpc/well_known_types.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "google/protobuf/any.pb.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/empty.pb.h"
#include "google/protobuf/field_mask.pb.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/timestamp.pb.h"
#include "google/protobuf/wrappers.pb.h"

namespace piperpc::cli {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::DescriptorProto;
using google::protobuf::FieldDescriptorProto;

using RealType = const Descriptor* (*)();

constexpr RealType kRealTypes[] = {
    &google::protobuf::Any::descriptor,         &google::protobuf::Duration::descriptor,
    &google::protobuf::Empty::descriptor,       &google::protobuf::FieldMask::descriptor,
    &google::protobuf::Struct::descriptor,      &google::protobuf::Value::descriptor,
    &google::protobuf::ListValue::descriptor,   &google::protobuf::Timestamp::descriptor,
    &google::protobuf::DoubleValue::descriptor, &google::protobuf::FloatValue::descriptor,
    &google::protobuf::Int64Value::descriptor,  &google::protobuf::UInt64Value::descriptor,
    &google::protobuf::Int32Value::descriptor,  &google::protobuf::UInt32Value::descriptor,
    &google::protobuf::BoolValue::descriptor,   &google::protobuf::StringValue::descriptor,
    &google::protobuf::BytesValue::descriptor,
};

bool SameField(const FieldDescriptorProto& one, const FieldDescriptorProto& other) {
  return one.name() == other.name() && one.number() == other.number() &&
         one.label() == other.label() && one.type() == other.type() &&
         one.type_name() == other.type_name() && one.extendee() == other.extendee() &&
         one.has_oneof_index() == other.has_oneof_index() &&
         one.oneof_index() == other.oneof_index();
}

// In any order.
bool SameFields(const DescriptorProto& one, const DescriptorProto& other) {
  return std::is_permutation(one.field().begin(), one.field().end(), other.field().begin(),
                             other.field().end(), &SameField);
}

// The entries of a map are a message inside it.
bool SameMessage(const DescriptorProto& one, const DescriptorProto& other) {
  const auto same_nested = [](const DescriptorProto& nested, const DescriptorProto& real) {
    return nested.name() == real.name() &&
           nested.options().map_entry() == real.options().map_entry() && SameFields(nested, real);
  };
  return SameFields(one, other) &&
         std::equal(one.nested_type().begin(), one.nested_type().end(), other.nested_type().begin(),
                    other.nested_type().end(), same_nested);
}

}  // namespace

std::string FaultOfWellKnownType(const std::string& name, const DescriptorProto& message) {
  const auto* const found =
      std::find_if(std::begin(kRealTypes), std::end(kRealTypes),
                   [&name](RealType each) { return each()->full_name() == name; });
  if (found == std::end(kRealTypes)) return "";
  DescriptorProto real;
  (*found)()->CopyTo(&real);
  if (SameMessage(message, real)) return "";
  return absl::StrCat("message ", name, " has other fields than protobuf's own");
}

}  // namespace piperpc::cli
