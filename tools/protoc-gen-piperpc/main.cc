// The protoc plugin: protoc --piperpc_out=DIR --plugin=protoc-gen-piperpc=THIS foo/v1/x.proto
// writes foo/v1/x.piperpc.h and foo/v1/x.piperpc.cc beside protoc's own x.pb.h and x.pb.cc.
#include <iostream>
#include <memory>
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "emit.h"
#include "google/protobuf/compiler/code_generator.h"
#include "google/protobuf/compiler/plugin.h"
#include "google/protobuf/io/printer.h"
#include "google/protobuf/io/zero_copy_stream.h"
#include "model.h"

namespace piperpc::codegen {
namespace {

using google::protobuf::compiler::GeneratorContext;
using google::protobuf::io::Printer;

using Emit = void (*)(const File&, Printer&);

void Write(const File& file, const char* suffix, Emit emit, GeneratorContext& context) {
  const std::unique_ptr<google::protobuf::io::ZeroCopyOutputStream> out(
      context.Open(file.base + suffix));
  Printer printer(out.get(), '$');
  emit(file, printer);
}

constexpr std::string_view kHelp =
    R"(protoc-gen-piperpc: the plugin of protoc that writes PipeRPC's services and clients in C++.

protoc runs it, with the .proto files on its standard input:

  protoc --cpp_out=OUT --piperpc_out=OUT -I. greeter/v1/greeter.proto

writes greeter/v1/greeter.piperpc.h and .piperpc.cc to OUT, beside protoc's own greeter.pb.h and
greeter.pb.cc. Where protoc does not find the plugin in PATH, name it:

  --plugin=protoc-gen-piperpc=/path/to/protoc-gen-piperpc

It takes no parameters. With CMake, piperpc_generate() of the installed package does all of this.

  --help     shows this
  --version  shows the version
)";

class Generator final : public google::protobuf::compiler::CodeGenerator {
 public:
  bool Generate(const google::protobuf::FileDescriptor* file, const std::string& parameter,
                GeneratorContext* context, std::string* error) const override {
    if (!parameter.empty()) {
      *error =
          absl::StrCat("protoc-gen-piperpc takes no parameters, and was given '", parameter, "'");
      return false;
    }
    const absl::StatusOr<File> model = BuildModel(*file);
    if (!model.ok()) {
      *error = std::string(model.status().message());
      return false;
    }
    // protoc shows what a plugin writes to standard error, which is all there is for warnings.
    for (const std::string& changed : model->changed_names) {
      std::cerr << file->name() << ": warning: " << changed << "\n";
    }
    Write(*model, ".piperpc.h", EmitHeader, *context);
    Write(*model, ".piperpc.cc", EmitSource, *context);
    return true;
  }

  std::uint64_t GetSupportedFeatures() const override { return FEATURE_PROTO3_OPTIONAL; }
};

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
  const piperpc::codegen::Generator generator;
  return google::protobuf::compiler::PluginMain(argc, argv, &generator);
}
