#include "model.h"

#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "class_names.h"
#include "google/protobuf/compiler/cpp/names.h"
#include "names.h"
#include "piperpc/v1/annotations.pb.h"

namespace piperpc::codegen {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FileDescriptor;
using google::protobuf::MethodDescriptor;
using google::protobuf::ServiceDescriptor;

template <typename Descriptor>
std::vector<std::string> CommentsOf(const Descriptor& descriptor) {
  google::protobuf::SourceLocation location;
  if (!descriptor.GetSourceLocation(&location)) return {};
  std::vector<std::string> lines;
  for (const std::string& text : {location.leading_comments, location.trailing_comments}) {
    if (text.empty()) continue;
    if (!lines.empty()) lines.emplace_back();
    const std::size_t end = text.find_last_not_of('\n') + 1;
    for (std::string& line : std::vector<std::string>(absl::StrSplit(text.substr(0, end), '\n'))) {
      line.resize(line.find_last_not_of(" \t\r\\") + 1);  // A backslash would join two lines.
      lines.push_back(std::move(line));
    }
  }
  return lines;
}

// What the functions of the classes, and what they derive from, call something of their own.
constexpr const char* kLocalNames[] = {"Service",    "channel", "context", "kMethods", "on_done",
                                       "on_message", "options", "reader",  "request",  "writer"};

absl::StatusOr<Method> BuildMethod(const MethodDescriptor& method) {
  auto retry = RetryOptionOf(method);
  if (!retry.ok()) return retry.status();
  Method built;
  built.retry = *std::move(retry);
  built.idempotent = IsIdempotent(method);
  built.full_name = absl::StrCat(method.service()->full_name(), "/", method.name());
  built.type = MethodTypeOf(method.client_streaming(), method.server_streaming());
  built.requires_login = method.options().GetExtension(v1::access).requires_login();
  built.deprecated = method.options().deprecated();
  built.comments = CommentsOf(method);
  return built;
}

// How a message is called within the classes of a service: by its own name where that is found in
// the service's namespace, and the classes, whose names `scope` has, do not hide it.
std::string NameOfType(const Descriptor& type, const ServiceDescriptor& service,
                       const NameScope& scope) {
  using google::protobuf::compiler::cpp::ClassName;
  using google::protobuf::compiler::cpp::QualifiedClassName;
  const std::string name = ClassName(&type);
  const bool near = type.file()->package() == service.file()->package() && scope.Free(name);
  return near ? name : QualifiedClassName(&type);
}

// A name as it was wanted, and as it became.
void NoteName(const std::string& of, const std::string& wanted, const std::string& name,
              std::vector<std::string>& changed) {
  if (wanted == name) return;
  changed.push_back(absl::StrCat(of, ": C++ gets \"", name, "\", because \"", wanted,
                                 "\" is taken, or is not a valid name in C++"));
}

// Names all that the two classes declare. The .proto's own names come first, so that a method
// keeps its name whatever the forms of the others are called.
void NameMethods(const ServiceDescriptor& descriptor, Service& service,
                 std::vector<std::string>& changed) {
  NameScope scope;
  for (const std::string& name :
       {service.service_class, service.client_class, service.interface_class, service.adapter_class,
        service.mock_class}) {
    scope.Reserve(name);
  }
  for (const char* name : {"name", "methods", "channel_", "client_"}) scope.Reserve(name);

  std::vector<std::string> wanted;
  wanted.reserve(static_cast<std::size_t>(descriptor.method_count()));
  for (int i = 0; i < descriptor.method_count(); ++i) {
    wanted.emplace_back(descriptor.method(i)->name());
  }
  const std::vector<std::string> names = TakeAll(scope, wanted);
  for (std::size_t i = 0; i < names.size(); ++i) {
    Method& method = service.methods[i];
    method.name = names[i];
    method.async = scope.Take(absl::StrCat(wanted[i], "Async"));
    method.co = scope.Take(absl::StrCat("Co", wanted[i]));
    method.constant = scope.Take(absl::StrCat("k", wanted[i]));
    NoteName(method.full_name, wanted[i], method.name, changed);
    NoteName(method.full_name, absl::StrCat(wanted[i], "Async"), method.async, changed);
    NoteName(method.full_name, absl::StrCat("Co", wanted[i]), method.co, changed);
    NoteName(method.full_name, absl::StrCat("k", wanted[i]), method.constant, changed);
  }

  for (std::size_t i = 0; i < names.size(); ++i) {
    Method& method = service.methods[i];
    if (method.retry) method.rule = scope.Take(absl::StrCat("k", wanted[i], "Retry"));
  }

  for (const char* name : kLocalNames) scope.Reserve(name);
  for (std::size_t i = 0; i < names.size(); ++i) {
    const MethodDescriptor& method = *descriptor.method(static_cast<int>(i));
    service.methods[i].request = NameOfType(*method.input_type(), descriptor, scope);
    service.methods[i].response = NameOfType(*method.output_type(), descriptor, scope);
  }
}

void NoteClassNames(const ServiceDescriptor& descriptor, const Service& service, File& model) {
  const std::string stem = Stem(descriptor);
  const std::string& of = service.full_name;
  NoteName(of, absl::StrCat(stem, "Service"), service.service_class, model.changed_names);
  NoteName(of, absl::StrCat(stem, "Client"), service.client_class, model.changed_names);
  std::vector<std::string>& changed = model.changed_mock_names;
  NoteName(of, absl::StrCat(stem, kInterface), service.interface_class, changed);
  NoteName(of, absl::StrCat(stem, kAdapter), service.adapter_class, changed);
  NoteName(of, absl::StrCat(kMock, stem, "Client"), service.mock_class, changed);
}

absl::StatusOr<Service> BuildService(const ServiceDescriptor& descriptor, const ClassNames& names,
                                     File& model) {
  Service service;
  service.full_name = descriptor.full_name();
  service.deprecated = descriptor.options().deprecated();
  service.comments = CommentsOf(descriptor);
  service.service_class = names.service;
  service.client_class = names.client;
  service.interface_class = names.client_interface;
  service.adapter_class = names.adapter;
  service.mock_class = names.mock;
  NoteClassNames(descriptor, service, model);
  for (int i = 0; i < descriptor.method_count(); ++i) {
    absl::StatusOr<Method> method = BuildMethod(*descriptor.method(i));
    if (!method.ok()) return method.status();
    service.methods.push_back(*std::move(method));
  }
  NameMethods(descriptor, service, model.changed_names);
  return service;
}

// The package as a namespace. protoc writes its parts as they are, so a keyword among them cannot
// be helped here; and the runtime's own namespace is closed to others.
absl::StatusOr<std::string> NamespaceOf(const FileDescriptor& file) {
  if (file.package().empty()) return std::string();
  const std::vector<std::string> parts = absl::StrSplit(file.package(), '.');
  for (const std::string& part : parts) {
    if (!IsReserved(part)) continue;
    return absl::InvalidArgumentError(absl::StrCat("package ", file.package(), ": '", part,
                                                   "' is not a valid name of a C++ namespace"));
  }
  if (parts[0] == "piperpc" && (parts.size() < 2 || !parts[1].starts_with("v"))) {
    return absl::InvalidArgumentError(absl::StrCat(
        "package ", file.package(),
        ": of the packages under piperpc only those of a version (piperpc.v1) hold services"));
  }
  return absl::StrJoin(parts, "::");
}

}  // namespace

absl::StatusOr<File> BuildModel(const FileDescriptor& file) {
  File model;
  model.proto = file.name();
  model.base = google::protobuf::compiler::cpp::StripProto(file.name());
  if (file.service_count() == 0) return model;

  absl::StatusOr<std::string> cpp_namespace = NamespaceOf(file);
  if (!cpp_namespace.ok()) return cpp_namespace.status();
  model.cpp_namespace = *std::move(cpp_namespace);

  NamesOfFiles named;
  const std::vector<ClassNames>& names = ClassNamesOf(file, named);
  for (int i = 0; i < file.service_count(); ++i) {
    absl::StatusOr<Service> service = BuildService(*file.service(i), names[i], model);
    if (!service.ok()) return service.status();
    model.services.push_back(*std::move(service));
  }
  return model;
}

}  // namespace piperpc::codegen
