// What the classes of services are called, beside all else that is in their namespace.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "google/protobuf/descriptor.h"

namespace piperpc::codegen {

struct ClassNames {
  std::string service;
  std::string client;
  std::string client_interface;  // This one and those below: for tests.
  std::string adapter;
  std::string mock;
};

// What the names of the classes for tests have around the stem.
inline constexpr const char* kInterface = "ClientInterface";
inline constexpr const char* kAdapter = "ClientAdapter";
inline constexpr const char* kMock = "Mock";

// Files, and the class names of each service of them. A file is named once, for others may import
// it on many ways.
using NamesOfFiles = std::map<const google::protobuf::FileDescriptor*, std::vector<ClassNames>>;

// The service's name without the "Service" at its end.
std::string Stem(const google::protobuf::ServiceDescriptor& service);

// The class names of each service of `file`, which are added to `named`. They steer clear of all
// that `file` and what it imports put into the same package.
const std::vector<ClassNames>& ClassNamesOf(const google::protobuf::FileDescriptor& file,
                                            NamesOfFiles& named);

// Whether a program may have the code of all `files`, and of what they import. INVALID_ARGUMENT
// names a class of a service that another file has something of the same name beside, of which the
// service's file knows nothing, for it does not import it.
absl::Status CheckClassNames(const std::vector<const google::protobuf::FileDescriptor*>& files);

}  // namespace piperpc::codegen
