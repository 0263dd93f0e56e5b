#include "generator.h"

#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "class_names.h"
#include "emit.h"
#include "google/protobuf/io/printer.h"
#include "google/protobuf/io/zero_copy_stream.h"
#include "model.h"

namespace piperpc::codegen {
namespace {

using google::protobuf::compiler::GeneratorContext;
using google::protobuf::io::Printer;

constexpr char kMocks[] = "mocks";

using Emit = void (*)(const File&, Printer&);

void Write(const File& file, const char* suffix, Emit emit, GeneratorContext& context) {
  const std::unique_ptr<google::protobuf::io::ZeroCopyOutputStream> out(
      context.Open(file.base + suffix));
  Printer printer(out.get(), '$');
  emit(file, printer);
}

void Warn(const File& file, const std::vector<std::string>& changed_names, std::ostream& warnings) {
  for (const std::string& changed : changed_names) {
    warnings << file.proto << ": warning: " << changed << "\n";
  }
}

}  // namespace

bool Generator::GenerateAll(const std::vector<const google::protobuf::FileDescriptor*>& files,
                            const std::string& parameter, GeneratorContext* context,
                            std::string* error) const {
  const absl::Status checked = CheckClassNames(files);
  if (!checked.ok()) {
    *error = std::string(checked.message());
    return false;
  }
  return CodeGenerator::GenerateAll(files, parameter, context, error);
}

bool Generator::Generate(const google::protobuf::FileDescriptor* file, const std::string& parameter,
                         GeneratorContext* context, std::string* error) const {
  const bool with_mocks = parameter == kMocks;
  if (!parameter.empty() && !with_mocks) {
    *error = absl::StrCat("protoc-gen-piperpc takes one parameter, '", kMocks, "', and was given '",
                          parameter, "'");
    return false;
  }
  const absl::StatusOr<File> model = BuildModel(*file);
  if (!model.ok()) {
    *error = std::string(model.status().message());
    return false;
  }
  Warn(*model, model->changed_names, warnings_);
  Write(*model, ".piperpc.h", EmitHeader, *context);
  Write(*model, ".piperpc.cc", EmitSource, *context);
  if (!with_mocks) return true;
  Warn(*model, model->changed_mock_names, warnings_);
  Write(*model, ".piperpc.interface.h", EmitInterface, *context);
  Write(*model, ".piperpc.mock.h", EmitMock, *context);
  return true;
}

}  // namespace piperpc::codegen
