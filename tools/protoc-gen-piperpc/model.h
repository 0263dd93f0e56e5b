// What the generator knows of a .proto file before it writes a line: all names are resolved here.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "google/protobuf/descriptor.h"

namespace piperpc::codegen {

enum class MethodType { kUnary, kServerStreaming, kClientStreaming, kBidirectional };

struct Method {
  std::string full_name;  // "package.Service/Method", as on the wire.
  MethodType type = MethodType::kUnary;
  bool requires_login = false;
  bool deprecated = false;
  std::vector<std::string> comments;  // Lines, without "//".

  std::string request;  // "Request"; "::package::Request" where that would not be found.
  std::string response;

  // Each form has the same name in both classes.
  std::string name;      // "Publish": blocks.
  std::string co;        // "CoPublish": is a coroutine.
  std::string async;     // "PublishAsync", with callbacks; of the client class.
  std::string constant;  // "kPublish"; of the client class.
};

struct Service {
  std::string full_name;  // "package.Service".
  bool deprecated = false;
  std::vector<std::string> comments;

  // The .proto's FooService gives FooService and FooClient, and so does its Foo.
  std::string service_class;
  std::string client_class;
  std::vector<Method> methods;
};

struct File {
  std::string proto;          // "foo/v1/x.proto".
  std::string base;           // "foo/v1/x".
  std::string cpp_namespace;  // "foo::v1"; empty: the global one.
  std::vector<Service> services;

  // "x.proto: package.Service/Method: …" of each name that is not the one to be expected, because
  // that one is taken, or is not a valid name in C++.
  std::vector<std::string> changed_names;
};

// INVALID_ARGUMENT says what of `file` has no place in C++, and where it is.
absl::StatusOr<File> BuildModel(const google::protobuf::FileDescriptor& file);

}  // namespace piperpc::codegen
