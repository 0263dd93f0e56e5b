// Definitions of services, messages and enums, as .proto text.
#pragma once

#include <deque>
#include <set>
#include <string>
#include <vector>

#include "google/protobuf/descriptor.h"

namespace piperpc::cli {

// Collects definitions, each with all types that it uses, of any package. Each appears once; a
// nested type is part of the definition of the outer one.
class Definitions {
 public:
  void Add(const google::protobuf::ServiceDescriptor& service);
  void Add(const google::protobuf::MethodDescriptor& method);
  void Add(const google::protobuf::Descriptor& message);
  void Add(const google::protobuf::EnumDescriptor& enumeration);
  void Add(const google::protobuf::FieldDescriptor& field);

  // The definitions by package, each below a line "package a.v1;", in the order in which they were
  // found, with blank lines between them. Ends with a newline unless it is empty.
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

  // Adds the types of the fields of all types that were found.
  void FollowAll();

  std::vector<Definition> definitions_;
  std::set<const void*> printed_;                           // Descriptors.
  std::set<const google::protobuf::Descriptor*> followed_;  // Those whose fields were followed.
  std::deque<const google::protobuf::Descriptor*> to_follow_;
};

}  // namespace piperpc::cli
