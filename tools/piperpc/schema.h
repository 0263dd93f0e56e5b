// What a server's .proto files say, put together from the descriptors that it sent.
#pragma once

#include <memory>
#include <shared_mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "google/protobuf/descriptor.h"
#include "google/protobuf/dynamic_message.h"
#include "google/protobuf/message.h"
#include "piperpc/service.h"
#include "tools/piperpc/definitions.h"
#include "tools/piperpc/failure.h"
#include "tools/piperpc/json.h"

namespace piperpc::cli {

// A method that can be called.
struct CallableMethod {
  std::string name;  // "package.Service/Method".
  MethodType type;
  const google::protobuf::MethodDescriptor* descriptor;
};

// Grows with each answer of the server's reflection. Descriptors and messages live as long as it.
//
// One thread adds files and works with messages as it likes. Others, at the same time, use nothing
// but its const methods: what protobuf does with a dynamic message looks into the tables that
// AddFiles() changes.
class Schema {
 public:
  Schema();
  Schema(const Schema&) = delete;
  Schema& operator=(const Schema&) = delete;

  // Adds serialised FileDescriptorProtos, each after those that it imports. Files that are there
  // already are skipped. INTERNAL: the server sent something else.
  Outcome AddFiles(const std::vector<std::string>& files);

  // True when the symbol's file has been added.
  bool Has(std::string_view symbol) const;

  // "service", "method", "message", "enum" or "field"; empty: none of them is known by that name.
  std::string_view KindOf(std::string_view symbol) const;

  // "package.Service/Method" or "package.Service.Method". UNIMPLEMENTED, as a server says, names
  // the service's methods.
  OutcomeOr<CallableMethod> FindMethod(std::string_view name) const;

  // The usage error for a symbol that is no method but something else: what it is, and of a service
  // the methods.
  Outcome NotAMethod(std::string_view symbol) const;

  // Adds the definition of a service, a method, a message, an enum or a field, and all types that
  // it uses. NOT_FOUND: there is none of that name.
  Outcome Describe(std::string_view symbol, Definitions& definitions) const;

  // An empty message of that type.
  std::unique_ptr<google::protobuf::Message> NewMessage(
      const google::protobuf::Descriptor& type) const;

  // Parses a serialised reply as `reply`, which is of its type. INTERNAL: it is no such message.
  Outcome ParseReply(std::span<const char> bytes, google::protobuf::Message& reply) const;

  // A serialised message of a type that is known by its name, as JSON on one line. NOT_FOUND: there
  // is none of that name; INTERNAL: it is no such message.
  OutcomeOr<std::string> MessageToJson(std::string_view type, std::span<const char> bytes) const;

  // A serialised reply as JSON, by way of `reply`, which is of its type. INTERNAL: it is no such
  // message.
  OutcomeOr<std::string> ReplyToJson(std::span<const char> bytes, JsonStyle style,
                                     google::protobuf::Message& reply) const;

 private:
  mutable std::shared_mutex mutex_;  // Exclusive while files are added.
  std::size_t message_types_ = 0;
  google::protobuf::DescriptorPool pool_;
  mutable google::protobuf::DynamicMessageFactory factory_;
};

// The symbol of a method, "package.Service.Method", whichever way it was written. What ends with a
// separator is without its last name.
std::string SymbolOf(std::string_view name);

}  // namespace piperpc::cli
