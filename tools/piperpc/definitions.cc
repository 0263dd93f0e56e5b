#include "tools/piperpc/definitions.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace piperpc::cli {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;
using google::protobuf::MethodDescriptor;
using google::protobuf::ServiceDescriptor;

namespace {

const Descriptor& Outermost(const Descriptor& message) {
  const Descriptor* outer = &message;
  while (outer->containing_type() != nullptr) outer = outer->containing_type();
  return *outer;
}

// In the order in which they came up.
std::vector<std::string> Distinct(std::vector<std::string> names) {
  std::set<std::string> seen;
  const auto known = [&seen](const std::string& name) { return !seen.insert(name).second; };
  names.erase(std::remove_if(names.begin(), names.end(), known), names.end());
  return names;
}

}  // namespace

void Definitions::AddText(const FileDescriptor& file, std::string text) {
  while (text.ends_with('\n')) text.pop_back();
  definitions_.push_back({std::string(file.package()), std::move(text)});
}

void Definitions::Add(const ServiceDescriptor& service) {
  if (!printed_.insert(&service).second) return;
  AddText(*service.file(), service.DebugString());
  for (int i = 0; i < service.method_count(); ++i) AddTypesOf(*service.method(i));
  FollowAll();
}

void Definitions::Add(const MethodDescriptor& method) {
  if (!printed_.insert(&method).second) return;
  AddText(*method.service()->file(), method.DebugString());
  AddTypesOf(method);
  FollowAll();
}

void Definitions::Add(const Descriptor& message) {
  if (!printed_.insert(&message).second) return;
  AddText(*message.file(), message.DebugString());
  AddTypesIn(message);
  FollowAll();
}

void Definitions::Add(const EnumDescriptor& enumeration) {
  if (!printed_.insert(&enumeration).second) return;
  AddText(*enumeration.file(), enumeration.DebugString());
}

void Definitions::Add(const FieldDescriptor& field) {
  if (!printed_.insert(&field).second) return;
  AddText(*field.file(), field.DebugString());
  AddTypeOf(field);
  FollowAll();
}

void Definitions::AddTypesOf(const MethodDescriptor& method) {
  for (const Descriptor* type : {method.input_type(), method.output_type()}) {
    to_follow_.push_back(type);
  }
}

void Definitions::AddTypeOf(const FieldDescriptor& field) {
  if (field.message_type() != nullptr) to_follow_.push_back(field.message_type());
  const EnumDescriptor* const type = field.enum_type();
  if (type == nullptr) return;
  if (type->containing_type() != nullptr) {
    to_follow_.push_back(type->containing_type());
  } else {
    Add(*type);
  }
}

// A definition shows the types that are inside it, used or not.
void Definitions::AddTypesIn(const Descriptor& message) {
  if (!followed_.insert(&message).second) return;
  for (int i = 0; i < message.field_count(); ++i) AddTypeOf(*message.field(i));
  for (int i = 0; i < message.nested_type_count(); ++i) AddTypesIn(*message.nested_type(i));
}

// Not by recursion: how deep types go is for the server to choose.
void Definitions::FollowAll() {
  while (!to_follow_.empty()) {
    const Descriptor& outer = Outermost(*to_follow_.front());
    to_follow_.pop_front();
    if (!printed_.insert(&outer).second) continue;
    AddText(*outer.file(), outer.DebugString());
    AddTypesIn(outer);
  }
}

std::string Definitions::Text() const {
  std::vector<std::string> packages;
  for (const Definition& definition : definitions_) packages.push_back(definition.package);
  std::vector<std::string> parts;
  for (const std::string& package : Distinct(std::move(packages))) {
    if (!package.empty()) parts.push_back(absl::StrCat("package ", package, ";"));
    for (const Definition& definition : definitions_) {
      if (definition.package == package) parts.push_back(definition.text);
    }
  }
  std::string text;
  for (const std::string& part : parts)
    absl::StrAppend(&text, text.empty() ? "" : "\n", part, "\n");
  return text;
}

}  // namespace piperpc::cli
