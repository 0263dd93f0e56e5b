#include "emit.h"

namespace piperpc::codegen {
namespace {

using google::protobuf::io::Printer;

constexpr TextsByType kTypeNames = {"kUnary", "kServerStreaming", "kClientStreaming",
                                    "kBidirectional"};

std::string Deprecated(bool deprecated) { return deprecated ? "[[deprecated]] " : ""; }

}  // namespace

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
          {"full_name", service.full_name},
          {"deprecated", Deprecated(service.deprecated)}};
}

Variables VariablesOf(const Service& service, const Method& method) {
  return {{"Service", service.service_class},
          {"Client", service.client_class},
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

void EmitComments(const std::vector<std::string>& lines, Printer& printer) {
  for (const std::string& line : lines) {
    printer.Print(Variables{{"line", line}}, "//$line$\n");
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
