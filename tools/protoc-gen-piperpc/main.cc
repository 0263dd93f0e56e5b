// The protoc plugin: protoc --piperpc_out=DIR --plugin=protoc-gen-piperpc=THIS foo/v1/x.proto
// writes foo/v1/x.piperpc.h and foo/v1/x.piperpc.cc beside protoc's own x.pb.h and x.pb.cc.
#include <iostream>
#include <string_view>

#include "generator.h"
#include "google/protobuf/compiler/plugin.h"

namespace piperpc::codegen {
namespace {

constexpr std::string_view kHelp =
    R"(protoc-gen-piperpc: the plugin of protoc that writes PipeRPC's services and clients in C++.

protoc runs it, with the .proto files on its standard input:

  protoc --cpp_out=OUT --piperpc_out=OUT -I. greeter/v1/greeter.proto

writes greeter/v1/greeter.piperpc.h and .piperpc.cc to OUT, beside protoc's own greeter.pb.h and
greeter.pb.cc. Where protoc does not find the plugin in PATH, name it:

  --plugin=protoc-gen-piperpc=/path/to/protoc-gen-piperpc

With the parameter "mocks" (--piperpc_out=mocks:OUT) it also writes greeter.piperpc.interface.h, an
interface for each client, and greeter.piperpc.mock.h, a mock of it with GoogleTest.

With CMake, piperpc_generate() of the installed package does all of this.

  --help     shows this
  --version  shows the version
)";

}  // namespace
}  // namespace piperpc::codegen

int main(int argc, char** argv) {
  const std::string_view argument = argc > 1 ? argv[1] : "";
  if (argument == "--help" || argument == "-h") {
    std::cout << piperpc::codegen::kHelp;
    return 0;
  }
  if (argument == "--version") {
    std::cout << "protoc-gen-piperpc " PIPERPC_VERSION "\n";
    return 0;
  }
  // protoc shows what a plugin writes to standard error, which is all there is for warnings.
  const piperpc::codegen::Generator generator(std::cerr);
  return google::protobuf::compiler::PluginMain(argc, argv, &generator);
}
