// Definitions of services, messages and enums, as .proto text.
#pragma once

#include <deque>
#include <set>
#include <string>
#include <vector>

#include "google/protobuf/descriptor.h"

namespace piperpc::cli {

// Collects definitions, and with each of them all types that it uses, whatever their package; each
// once. A type inside another one is part of the definition of that.
class Definitions {
 public:
  void Add(const google::protobuf::ServiceDescriptor& service);
  void Add(const google::protobuf::MethodDescriptor& method);
  void Add(const google::protobuf::Descriptor& message);
  void Add(const google::protobuf::EnumDescriptor& enumeration);
  void Add(const google::protobuf::FieldDescriptor& field);

  // "package a.v1;", the definitions of that package in the order in which they came up, the next
  // package; a blank line between any two. Ends with a newline, unless there is nothing.
  std::string Text() const;

 private:
  struct Definition {
    std::string package;
    std::string text;
  };

  void AddText(const google::protobuf::FileDescriptor& file, std::string text);
  void AddTypesOf(const google::protobuf::MethodDescriptor& method);
  void AddTypeOf(const google::protobuf::FieldDescriptor& field);
  void AddTypesIn(const google::protobuf::Descriptor& message);

  // The types that have been found and whose own fields have not been looked at.
  void FollowAll();

  std::vector<Definition> definitions_;
  std::set<const void*> printed_;                           // Descriptors.
  std::set<const google::protobuf::Descriptor*> followed_;  // Those whose fields were looked at.
  std::deque<const google::protobuf::Descriptor*> to_follow_;
};

}  // namespace piperpc::cli
