// The protoc plugin: protoc --piperpc_out=DIR --plugin=protoc-gen-piperpc=THIS foo/v1/x.proto
// writes foo/v1/x.piperpc.h and foo/v1/x.piperpc.cc beside protoc's own x.pb.h and x.pb.cc.
#include <memory>
#include <string>

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
    Write(*model, ".piperpc.h", EmitHeader, *context);
    Write(*model, ".piperpc.cc", EmitSource, *context);
    return true;
  }

  std::uint64_t GetSupportedFeatures() const override { return FEATURE_PROTO3_OPTIONAL; }
};

}  // namespace
}  // namespace piperpc::codegen

int main(int argc, char** argv) {
  const piperpc::codegen::Generator generator;
  return google::protobuf::compiler::PluginMain(argc, argv, &generator);
}
