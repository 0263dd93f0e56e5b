// Descriptors for protoc-gen-piperpc: files that import each other, with names that clash. What is
// a .proto file to protobuf must become code, or an error.
#include <cstdint>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>

#include "fuzz/input.h"
#include "fuzz/require.h"
#include "generator.h"
#include "google/protobuf/compiler/plugin.pb.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/descriptor.pb.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "tools/shared/library_log.h"
#include "tools/shared/pool_errors.h"

namespace piperpc::fuzz {
namespace {

using google::protobuf::DescriptorProto;
using google::protobuf::FileDescriptorProto;
using google::protobuf::SourceCodeInfo;
using google::protobuf::compiler::CodeGeneratorRequest;

// Keeps what the generator writes.
class WrittenFiles final : public google::protobuf::compiler::GeneratorContext {
 public:
  google::protobuf::io::ZeroCopyOutputStream* Open(const std::string& name) override {
    const auto [place, is_new] = files_.try_emplace(name);
    Require(is_new, "a file is written once");
    return new google::protobuf::io::StringOutputStream(&place->second);
  }
  const std::map<std::string, std::string>& files() const { return files_; }

 private:
  std::map<std::string, std::string> files_;
};

class IgnoreErrors final : public tools::PoolErrors {
  void Add(absl::string_view, absl::string_view) override {}
};

// Makes files of what the input says.
class FileMaker {
 public:
  explicit FileMaker(std::span<const std::uint8_t> input) : input_(input) {}

  CodeGeneratorRequest Make() {
    const std::size_t files = 1 + input_.Below(24);
    for (std::size_t i = 0; i < files; ++i) AddFile();
    request_.set_parameter("mocks");
    return std::move(request_);
  }

 private:
  std::string Name() {
    constexpr std::string_view kNames[] = {
        "A",         "B",       "Service",  "AService", "AClient",    "Echo",     "EchoAsync",
        "CoEcho",    "kEcho",   "request",  "class",    "Client",     "channel_", "name",
        "methods",   "on_done", "context",  "CoReader", "Stream",     "Task",     "std",
        "absl",      "piperpc", "internal", "v1",       "EchoAsync_", "operator", "A_B",
        "AService_", "Status",  "google",   "string"};
    const std::uint8_t index = input_.Byte();
    if (index < 248) return std::string(kNames[index % std::size(kNames)]);
    return std::string(input_.Text());
  }

  std::string Package() {
    std::string package;
    for (std::size_t parts = input_.Below(3); parts > 0; --parts) {
      package += (package.empty() ? "" : ".") + Name();
    }
    return package;
  }

  void AddMessage(DescriptorProto& message, int depth) {
    message.set_name(Name());
    names_.push_back("." + request_.proto_file().rbegin()->package() + "." + message.name());
    for (std::size_t i = input_.Below(3); i > 0 && depth < 3; --i) {
      AddMessage(*message.add_nested_type(), depth + 1);
    }
  }

  std::string TypeName() {
    const std::size_t index = input_.Byte();
    return index < 240 && !names_.empty() ? names_[index % names_.size()] : Name();
  }

  void AddFile() {
    const int index = request_.proto_file_size();
    FileDescriptorProto& file = *request_.add_proto_file();
    const std::uint8_t present = input_.Byte();
    file.set_name(present & 1 ? std::string(input_.Text())
                              : "f" + std::to_string(index) + ".proto");
    file.set_package(present & 2 || index == 0 ? Package()
                                               : request_.proto_file(index - 1).package());
    if (present & 4) file.set_syntax("proto3");
    if (present & 8) file.mutable_options()->set_cc_generic_services(true);
    for (std::size_t i = input_.Below(3); i > 0 && index > 0; --i) {
      const int of =
          present & 16 ? static_cast<int>(input_.Byte()) % index : index - static_cast<int>(i);
      if (of >= 0) file.add_dependency(request_.proto_file(of).name());
    }
    for (std::size_t i = input_.Below(4); i > 0; --i) AddMessage(*file.add_message_type(), 0);
    for (std::size_t i = input_.Below(3); i > 0; --i) AddService(file);
    if (present & 32) AddComment(file);
    request_.add_file_to_generate(file.name());
  }

  void AddService(FileDescriptorProto& file) {
    auto& service = *file.add_service();
    service.set_name(Name());
    for (std::size_t i = input_.Below(5); i > 0; --i) {
      auto& method = *service.add_method();
      const std::uint8_t present = input_.Byte();
      method.set_name(Name());
      method.set_input_type(TypeName());
      method.set_output_type(TypeName());
      method.set_client_streaming((present & 1) != 0);
      method.set_server_streaming((present & 2) != 0);
      if (present & 4) method.mutable_options()->set_deprecated(true);
      if (present & 8) {
        static_cast<void>(  // It may refuse them, and keeps what it has understood.
            method.mutable_options()->ParseFromString("\xd2\xe2\x18" + std::string(input_.Text())));
      }
    }
  }

  void AddComment(FileDescriptorProto& file) {
    SourceCodeInfo::Location& location = *file.mutable_source_code_info()->add_location();
    for (const int part : {6, 0}) location.add_path(part);  // The first service.
    for (const int place : {1, 1, 1}) location.add_span(place);
    location.set_leading_comments(std::string(input_.Text()));
    location.set_trailing_comments(std::string(input_.Text()));
  }

  Input input_;
  CodeGeneratorRequest request_;
  std::vector<std::string> names_;  // Of the messages.
};

void Generate(const CodeGeneratorRequest& request) {
  google::protobuf::DescriptorPool pool(google::protobuf::DescriptorPool::generated_pool());
  IgnoreErrors errors;
  std::ostringstream warnings;
  const codegen::Generator generator(warnings);
  for (const FileDescriptorProto& proto : request.proto_file()) {
    const auto* const file = pool.BuildFileCollectingErrors(proto, &errors);
    if (file == nullptr) return;
    WrittenFiles written;
    std::string error;
    const bool done = generator.Generate(file, request.parameter(), &written, &error);
    Require(done == error.empty(), "there is code or an error");
    const std::size_t expected = request.parameter().empty() ? 2 : 4;
    Require(written.files().size() == (done ? expected : 0),
            "a file becomes two, or with mocks four");
  }
}

}  // namespace
}  // namespace piperpc::fuzz

// Every other input is a request as it is.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::span<const std::uint8_t> input(data + 1, size - 1);
  static const piperpc::tools::LibraryLog nobody_listens([](const piperpc::LogRecord&) {});
  if (data[0] % 2 == 0) {
    piperpc::fuzz::Generate(piperpc::fuzz::FileMaker(input).Make());
    return 0;
  }
  piperpc::fuzz::CodeGeneratorRequest request;
  if (request.ParseFromArray(input.data(), static_cast<int>(input.size()))) {
    piperpc::fuzz::Generate(request);
  }
  return 0;
}
