#include "generator.h"

#include <memory>

#include "absl/strings/str_cat.h"
#include "emit.h"
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

}  // namespace

bool Generator::Generate(const google::protobuf::FileDescriptor* file, const std::string& parameter,
                         GeneratorContext* context, std::string* error) const {
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
  for (const std::string& changed : model->changed_names) {
    warnings_ << file->name() << ": warning: " << changed << "\n";
  }
  Write(*model, ".piperpc.h", EmitHeader, *context);
  Write(*model, ".piperpc.cc", EmitSource, *context);
  return true;
}

}  // namespace piperpc::codegen
