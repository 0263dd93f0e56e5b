// The model of a .proto file that code is generated from. All names are resolved.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "google/protobuf/descriptor.h"
#include "piperpc/service.h"
#include "retry_option.h"

namespace piperpc::codegen {

struct Method {
  std::string full_name;  // "package.Service/Method", as on the wire.
  MethodType type = MethodType::kUnary;
  bool requires_login = false;
  bool idempotent = false;
  std::optional<RetryOption> retry;
  bool deprecated = false;
  std::vector<std::string> comments;  // Lines, without "//".

  std::string request;  // "Request"; "::package::Request" in another namespace.
  std::string response;

  // Each form has the same name in both classes.
  std::string name;      // "Publish": blocks.
  std::string co;        // "CoPublish": is a coroutine.
  std::string async;     // "PublishAsync", with callbacks; of the client class.
  std::string constant;  // "kPublish"; of the client class.
  std::string rule;      // "kPublishRetry", where there is a policy; of the client class.
};

struct Service {
  std::string full_name;  // "package.Service".
  bool deprecated = false;
  std::vector<std::string> comments;

  // For a service Foo or FooService in the .proto: FooService and FooClient.
  std::string service_class;
  std::string client_class;

  // For tests of what calls it: FooClientInterface, FooClientAdapter and MockFooClient.
  std::string interface_class;
  std::string adapter_class;
  std::string mock_class;

  std::vector<Method> methods;
};

struct File {
  std::string proto;          // "foo/v1/x.proto".
  std::string base;           // "foo/v1/x".
  std::string cpp_namespace;  // "foo::v1"; empty: the global one.
  std::vector<Service> services;

  // "x.proto: package.Service/Method: …" for each name that differs from the usual one, because
  // that is taken or is not valid in C++.
  std::vector<std::string> changed_names;
  std::vector<std::string> changed_mock_names;  // Those of the three classes for tests.
};

// INVALID_ARGUMENT names what of `file` cannot be expressed in C++, or is not a valid option, and
// where it is.
absl::StatusOr<File> BuildModel(const google::protobuf::FileDescriptor& file);

}  // namespace piperpc::codegen
