#include "emit.h"

#include <set>

namespace piperpc::codegen {
namespace {

using google::protobuf::io::Printer;

constexpr TextsByType kTypeNames = {"kUnary", "kServerStreaming", "kClientStreaming",
                                    "kBidirectional"};

// The forms of a call, as a client and its interface declare them.
constexpr char kUnaryForms[] =
    R"($deprecated$$virtual$::absl::StatusOr<$Response$> $Method$(
    const $Request$& request, const ::piperpc::CallOptions& options = {})$pure$;
$deprecated$$virtual$::piperpc::PendingCall $Async$(
    const $Request$& request, const ::piperpc::CallOptions& options,
    ::absl::AnyInvocable<void(::absl::StatusOr<$Response$>)> on_done)$pure$;
$deprecated$$virtual$::piperpc::Task<::absl::StatusOr<$Response$>> $Co$(
    $Request$ request)$pure$;
$deprecated$$virtual$::piperpc::CallTask<$Response$> $Co$(
    $Request$ request, ::piperpc::CallOptions options)$pure$;
)";

constexpr char kServerStreamingForms[] =
    R"($deprecated$$virtual$::piperpc::ClientReader<$Response$> $Method$(
    const $Request$& request, const ::piperpc::CallOptions& options = {})$pure$;
$deprecated$$virtual$::piperpc::PendingCall $Async$(
    const $Request$& request, const ::piperpc::CallOptions& options,
    ::absl::AnyInvocable<void($Response$)> on_message,
    ::absl::AnyInvocable<void(::absl::Status)> on_done)$pure$;
)";

constexpr char kClientStreamingForms[] =
    R"($deprecated$$virtual$::piperpc::ClientWriter<
    $Request$,
    $Response$>
$Method$(
    const ::piperpc::CallOptions& options = {})$pure$;
$deprecated$$virtual$::piperpc::AsyncWriter<$Request$> $Async$(
    const ::piperpc::CallOptions& options,
    ::absl::AnyInvocable<void(::absl::StatusOr<$Response$>)> on_done)$pure$;
)";

constexpr char kBidirectionalForms[] =
    R"($deprecated$$virtual$::piperpc::ClientReaderWriter<
    $Request$,
    $Response$>
$Method$(
    const ::piperpc::CallOptions& options = {})$pure$;
$deprecated$$virtual$::piperpc::AsyncWriter<$Request$> $Async$(
    const ::piperpc::CallOptions& options,
    ::absl::AnyInvocable<void(
        const ::piperpc::AsyncWriter<$Request$>&, $Response$)> on_message,
    ::absl::AnyInvocable<void(::absl::Status)> on_done)$pure$;
)";

// What may be the name of a macro: the other forms of a method, and the client's class, have more
// in their names than the .proto says.
std::set<std::string> NamesFromProto(const File& file) {
  std::set<std::string> names;
  for (const Service& service : file.services) {
    names.insert(service.service_class);
    for (const Method& method : service.methods) names.insert(method.name);
  }
  names.erase("defined");  // The one name that can be neither a macro's nor made free of one.
  return names;
}

std::string Deprecated(bool deprecated) { return deprecated ? "[[deprecated]] " : ""; }

}  // namespace

const TextsByType kCallForms = {kUnaryForms, kServerStreamingForms, kClientStreamingForms,
                                kBidirectionalForms};

const char* TextsByType::Of(MethodType type) const {
  switch (type) {
    case MethodType::kUnary:
      return unary;
    case MethodType::kServerStreaming:
      return server_streaming;
    case MethodType::kClientStreaming:
      return client_streaming;
    case MethodType::kBidirectional:
      return bidirectional;
  }
  return "";
}

Variables VariablesOf(const File& file) {
  return {{"proto", file.proto}, {"base", file.base}, {"namespace", file.cpp_namespace}};
}

Variables VariablesOf(const Service& service) {
  return {{"Service", service.service_class},
          {"Client", service.client_class},
          {"Interface", service.interface_class},
          {"Adapter", service.adapter_class},
          {"Mock", service.mock_class},
          {"full_name", service.full_name},
          {"deprecated", Deprecated(service.deprecated)}};
}

Variables VariablesOf(const Service& service, const Method& method) {
  return {{"Service", service.service_class},
          {"Client", service.client_class},
          {"Interface", service.interface_class},
          {"full_name", method.full_name},
          {"deprecated", Deprecated(method.deprecated)},
          {"type", kTypeNames.Of(method.type)},
          {"requires_login", method.requires_login ? "true" : "false"},
          {"Request", method.request},
          {"Response", method.response},
          {"Method", method.name},
          {"Async", method.async},
          {"Co", method.co},
          {"constant", method.constant}};
}

void EmitMembers(const Service& service, const TextsByType& members, Printer& printer,
                 const Variables& more) {
  printer.Indent();
  for (const Method& method : service.methods) {
    printer.Print("\n");
    EmitComments(method.comments, printer);
    Variables variables = more;
    variables.merge(VariablesOf(service, method));
    printer.Print(variables, members.Of(method.type));
  }
  printer.Outdent();
}

void EmitComments(const std::vector<std::string>& lines, Printer& printer) {
  for (const std::string& line : lines) {
    printer.Print(Variables{{"line", line}}, "//$line$\n");
  }
}

void SuspendMacros(const File& file, Printer& printer) {
  printer.Print("// No macros of these names, which headers of a system may have defined.\n");
  for (const std::string& name : NamesFromProto(file)) {
    printer.Print(Variables{{"name", name}}, "#pragma push_macro(\"$name$\")\n#undef $name$\n");
  }
  printer.Print("\n");
}

void RestoreMacros(const File& file, Printer& printer) {
  printer.Print("\n");
  for (const std::string& name : NamesFromProto(file)) {
    printer.Print(Variables{{"name", name}}, "#pragma pop_macro(\"$name$\")\n");
  }
}

void OpenNamespace(const File& file, Printer& printer) {
  if (!file.cpp_namespace.empty()) printer.Print(VariablesOf(file), "namespace $namespace$ {\n\n");
}

void CloseNamespace(const File& file, Printer& printer) {
  if (!file.cpp_namespace.empty())
    printer.Print(VariablesOf(file), "\n}  // namespace $namespace$\n");
}

}  // namespace piperpc::codegen
