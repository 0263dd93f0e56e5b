// Requests that are typed as field=value.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "google/protobuf/message.h"
#include "tools/piperpc/failure.h"

namespace piperpc::cli {

// True when `word` is written as an assignment: a field's name or path, and '='.
bool LooksLikeAssignment(std::string_view word);

// "a.v1.B has no field NAME; it has …" with the names of its fields, or of the first ones.
std::string NoSuchField(const google::protobuf::Descriptor& type, std::string_view name);

// Fills a message from assignments, according to its descriptor:
//
//     name=Ana                     a string; bytes are base64
//     count=3  ratio=0.5  on=true  numbers with their range, booleans
//     policy=SLOW_POLICY_BLOCK     an enum's value by name or by number
//     address.city=Porto           a field of a message inside
//     tag=a tag=b                  each adds one to a repeated field
//     labels.colour=red            an entry of a map
//     address={"city":"Porto"}     a message as JSON
//
//     boxed=text                   a wrapper (google.protobuf.StringValue) by the value inside
//
// A usage error names the field, its type and what is wrong. A field that is not repeated, a key of
// a map, and one of a oneof's fields can be given only once, so that no value is lost silently.
class Assignments {
 public:
  // `message` must be empty. `if_twice` is advice for the error when a field is given twice. Both
  // must outlive this.
  explicit Assignments(google::protobuf::Message& message, std::string_view if_twice = kLeaveOneOut)
      : message_(message), if_twice_(if_twice) {}

  Outcome Add(std::string_view assignment);

  static constexpr std::string_view kLeaveOneOut =
      "leave one out (only a repeated field takes several: FIELD=VALUE for each)";

 private:
  using Path = std::vector<std::string>;  // Names of fields; the key of a map comes last.

  Outcome AssignAt(google::protobuf::Message& message, Path path, std::string_view rest,
                   std::string_view value);
  Outcome SetMapEntry(google::protobuf::Message& message,
                      const google::protobuf::FieldDescriptor& field, Path path,
                      std::string_view key, std::string_view value);
  Outcome SetField(google::protobuf::Message& message,
                   const google::protobuf::FieldDescriptor& field, const Path& path,
                   std::string_view value);

  // Records that `path` was given. A usage error when it, a part of it, or what contains it was
  // before.
  Outcome Note(const Path& path, std::string_view value);

  google::protobuf::Message& message_;
  const std::string_view if_twice_;
  std::map<Path, std::string> given_;  // And the value of each.
};

}  // namespace piperpc::cli
