// The schema of a server: its .proto files, built from the descriptors that it sent.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/dynamic_message.h"
#include "google/protobuf/message.h"
#include "piperpc/internal/mutex.h"
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

// Grows with each answer of the server's reflection. Must outlive its descriptors and messages.
//
// One thread may add files, and use messages without restrictions. Other threads may only call the
// const methods: using a dynamic message directly would read tables that AddFiles() changes.
class Schema {
 public:
  Schema();
  Schema(const Schema&) = delete;
  Schema& operator=(const Schema&) = delete;

  // Adds serialised FileDescriptorProtos, each after those that it imports. Files that were added
  // before are skipped. INTERNAL: a file is not valid.
  Outcome AddFiles(const std::vector<std::string>& files);

  // True when the symbol's file has been added.
  bool Has(std::string_view symbol) const;

  // "service", "method", "message", "enum" or "field"; empty: the symbol is unknown.
  std::string_view KindOf(std::string_view symbol) const;

  // `name`: "package.Service/Method" or "package.Service.Method". UNIMPLEMENTED, as from a server:
  // there is no such method; the text lists those of the service.
  OutcomeOr<CallableMethod> FindMethod(std::string_view name) const;

  // The usage error for a symbol that is not a method: says what it is, and lists the methods of a
  // service.
  Outcome NotAMethod(std::string_view symbol) const;

  // Adds the definition of a service, a method, a message, an enum or a field to `definitions`,
  // with all types that it uses. NOT_FOUND: the symbol is unknown.
  Outcome Describe(std::string_view symbol, Definitions& definitions) const;

  // An empty message of that type.
  std::unique_ptr<google::protobuf::Message> NewMessage(
      const google::protobuf::Descriptor& type) const;

  // Parses a serialised reply into `reply`, which has its type. INTERNAL: it cannot be parsed as
  // that.
  Outcome ParseReply(std::span<const char> bytes, google::protobuf::Message& reply) const;

  // Converts a serialised message of the type with that name to JSON on one line. NOT_FOUND: the
  // type is unknown; INTERNAL: the message cannot be parsed as that.
  OutcomeOr<std::string> MessageToJson(std::string_view type, std::span<const char> bytes) const;

  // Parses a serialised reply into `reply`, which has its type, and returns it as JSON. INTERNAL:
  // it cannot be parsed as that.
  OutcomeOr<std::string> ReplyToJson(std::span<const char> bytes, JsonStyle style,
                                     google::protobuf::Message& reply) const;

 private:
  mutable internal::SharedMutex mutex_;  // Exclusive while files are added.
  std::size_t message_types_ ABSL_GUARDED_BY(mutex_) = 0;
  google::protobuf::DescriptorPool pool_ ABSL_GUARDED_BY(mutex_);
  mutable google::protobuf::DynamicMessageFactory factory_ ABSL_GUARDED_BY(mutex_);
};

// The symbol of a method, "package.Service.Method", for either notation of its name. A separator at
// the end is removed.
std::string SymbolOf(std::string_view name);

}  // namespace piperpc::cli
