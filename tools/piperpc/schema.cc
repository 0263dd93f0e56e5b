#include "tools/piperpc/schema.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "google/protobuf/descriptor.pb.h"
#include "piperpc/client.h"
#include "piperpc/internal/codec.h"
#include "tools/piperpc/descriptor_check.h"
#include "tools/shared/pool_errors.h"

namespace piperpc::cli {
namespace {

// Protobuf makes a message of a type, and of those that it leads to, by calling itself. A chain of
// so many fits into a stack of 8 MiB, nearly twice.
constexpr std::size_t kMostMessageTypes = 10'000;

using google::protobuf::Descriptor;
using google::protobuf::MethodDescriptor;
using google::protobuf::ServiceDescriptor;

// What the pool says against a file; the program answers with a status of its own.
class ErrorText final : public tools::PoolErrors {
 public:
  explicit ErrorText(std::string known) : text(std::move(known)) {}

  void Add(absl::string_view element, absl::string_view message) override {
    if (text.empty()) text = absl::StrCat(element, ": ", message);
  }
  std::string text;
};

Outcome Parse(std::span<const char> bytes, google::protobuf::Message& reply) {
  const internal::ParseResult parsed = internal::ParseMessage(bytes, reply);
  if (parsed == internal::ParseResult::kParsed) return Outcome();
  return internal::MalformedReply(internal::TypeName(reply), bytes.size(), parsed);
}

// Each after `prefix`.
std::string MethodNames(const ServiceDescriptor& service, const std::string& prefix = "") {
  std::vector<std::string> names;
  for (int i = 0; i < service.method_count(); ++i) {
    names.push_back(absl::StrCat(prefix, service.method(i)->name()));
  }
  return names.empty() ? "no methods" : absl::StrJoin(names, ", ");
}

}  // namespace

std::string SymbolOf(std::string_view name) {
  std::string symbol(name);
  std::replace(symbol.begin(), symbol.end(), '/', '.');
  if (symbol.ends_with('.')) symbol.pop_back();
  return symbol;
}

Schema::Schema() : factory_(&pool_) {}

Outcome Schema::AddFiles(const std::vector<std::string>& files) {
  const internal::WriterLock lock(mutex_);
  for (const std::string& bytes : files) {
    google::protobuf::FileDescriptorProto proto;
    if (!proto.ParseFromString(bytes)) {
      return absl::InternalError("the server's reflection sent a file that is not a descriptor");
    }
    if (pool_.FindFileByName(proto.name()) != nullptr) continue;
    ErrorText error(FindFault(proto));
    message_types_ += CountMessageTypes(proto);
    if (message_types_ > kMostMessageTypes) {
      error.text = absl::StrCat("with it there are ", message_types_,
                                " message types; the limit is ", kMostMessageTypes);
    }
    if (error.text.empty() && pool_.BuildFileCollectingErrors(proto, &error) != nullptr) continue;
    if (error.text.empty()) error.text = "protobuf rejects it without giving a reason";
    return absl::InternalError(
        absl::StrCat("the server's reflection sent a schema that is not valid: file \"",
                     proto.name(), "\": ", error.text));
  }
  return Outcome();
}

bool Schema::Has(std::string_view symbol) const {
  const internal::ReaderLock lock(mutex_);
  return pool_.FindFileContainingSymbol(std::string(symbol)) != nullptr;
}

std::string_view Schema::KindOf(std::string_view name) const {
  const internal::ReaderLock lock(mutex_);
  const std::string symbol(name);
  if (pool_.FindServiceByName(symbol) != nullptr) return "service";
  if (pool_.FindMethodByName(symbol) != nullptr) return "method";
  if (pool_.FindMessageTypeByName(symbol) != nullptr) return "message";
  if (pool_.FindEnumTypeByName(symbol) != nullptr) return "enum";
  return pool_.FindFieldByName(symbol) != nullptr ? "field" : "";
}

OutcomeOr<CallableMethod> Schema::FindMethod(std::string_view name) const {
  const internal::ReaderLock lock(mutex_);
  const std::string symbol = SymbolOf(name);
  const MethodDescriptor* const method = pool_.FindMethodByName(symbol);
  if (method != nullptr) {
    return CallableMethod{absl::StrCat(method->service()->full_name(), "/", method->name()),
                          MethodTypeOf(method->client_streaming(), method->server_streaming()),
                          method};
  }
  const std::string service_name = symbol.substr(0, symbol.rfind('.'));
  const ServiceDescriptor* const service = pool_.FindServiceByName(service_name);
  if (service == nullptr) {
    return absl::UnimplementedError(absl::StrCat("no service ", service_name, " on this server"));
  }
  return absl::UnimplementedError(absl::StrCat("no method ", std::string(name), " on this server; ",
                                               service_name, " has ", MethodNames(*service)));
}

Outcome Schema::NotAMethod(std::string_view name) const {
  const std::string_view kind = KindOf(name);
  const std::string symbol(name);
  std::string text = absl::StrCat(symbol, kind == "enum" ? " is an " : " is a ", std::string(kind),
                                  ", not a method");
  const internal::ReaderLock lock(mutex_);
  const ServiceDescriptor* const service = pool_.FindServiceByName(symbol);
  if (service != nullptr) {
    absl::StrAppend(&text, "; it has ", MethodNames(*service, symbol + "/"));
  }
  return UsageError(text);
}

Outcome Schema::Describe(std::string_view symbol_or_method, Definitions& definitions) const {
  const internal::ReaderLock lock(mutex_);
  const std::string symbol = SymbolOf(symbol_or_method);
  if (const auto* service = pool_.FindServiceByName(symbol)) {
    definitions.Add(*service);
  } else if (const auto* method = pool_.FindMethodByName(symbol)) {
    definitions.Add(*method);
  } else if (const auto* message = pool_.FindMessageTypeByName(symbol)) {
    definitions.Add(*message);
  } else if (const auto* enumeration = pool_.FindEnumTypeByName(symbol)) {
    definitions.Add(*enumeration);
  } else if (const auto* field = pool_.FindFieldByName(symbol)) {
    definitions.Add(*field);
  } else {
    return absl::NotFoundError(absl::StrCat("no symbol ", symbol, " on this server"));
  }
  return Outcome();
}

std::unique_ptr<google::protobuf::Message> Schema::NewMessage(const Descriptor& type) const {
  const internal::ReaderLock lock(mutex_);
  return std::unique_ptr<google::protobuf::Message>(factory_.GetPrototype(&type)->New());
}

Outcome Schema::ParseReply(std::span<const char> bytes, google::protobuf::Message& reply) const {
  const internal::ReaderLock lock(mutex_);
  return Parse(bytes, reply);
}

OutcomeOr<std::string> Schema::MessageToJson(std::string_view type,
                                             std::span<const char> bytes) const {
  const internal::ReaderLock lock(mutex_);
  const Descriptor* const descriptor = pool_.FindMessageTypeByName(std::string(type));
  if (descriptor == nullptr) {
    return absl::NotFoundError(absl::StrCat("no message ", std::string(type), " on this server"));
  }
  const std::unique_ptr<google::protobuf::Message> message(
      factory_.GetPrototype(descriptor)->New());
  const Outcome parsed = Parse(bytes, *message);
  if (!parsed.ok()) return parsed;
  return ToJson(*message, JsonStyle::kLine);
}

OutcomeOr<std::string> Schema::ReplyToJson(std::span<const char> bytes, JsonStyle style,
                                           google::protobuf::Message& reply) const {
  const internal::ReaderLock lock(mutex_);
  const Outcome parsed = Parse(bytes, reply);
  if (!parsed.ok()) return parsed;
  return ToJson(reply, style);
}

}  // namespace piperpc::cli
