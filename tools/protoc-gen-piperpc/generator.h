// From a .proto file to the files that are made of it: two, or, with the parameter "mocks", four.
#pragma once

#include <cstdint>
#include <ostream>
#include <string>
#include <vector>

#include "google/protobuf/compiler/code_generator.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/stubs/common.h"

namespace piperpc::codegen {

class Generator final : public google::protobuf::compiler::CodeGenerator {
 public:
  // `warnings`, which outlives it, gets a line for each name that is another one in C++.
  explicit Generator(std::ostream& warnings) : warnings_(warnings) {}

  // All files of one run: fails, too, where the code of two of them cannot be in one program.
  bool GenerateAll(const std::vector<const google::protobuf::FileDescriptor*>& files,
                   const std::string& parameter,
                   google::protobuf::compiler::GeneratorContext* context,
                   std::string* error) const override;

  bool Generate(const google::protobuf::FileDescriptor* file, const std::string& parameter,
                google::protobuf::compiler::GeneratorContext* context,
                std::string* error) const override;

#if GOOGLE_PROTOBUF_VERSION >= 5027000  // The first whose protoc asks a plugin for its editions.
  std::uint64_t GetSupportedFeatures() const override {
    return FEATURE_PROTO3_OPTIONAL | FEATURE_SUPPORTS_EDITIONS;
  }

  // Features of editions change how messages are stored and called, and nothing of a service.
  google::protobuf::Edition GetMinimumEdition() const override {
    return google::protobuf::EDITION_PROTO2;
  }
  google::protobuf::Edition GetMaximumEdition() const override {
    return google::protobuf::EDITION_2024;
  }
#else
  std::uint64_t GetSupportedFeatures() const override { return FEATURE_PROTO3_OPTIONAL; }
#endif

 private:
  std::ostream& warnings_;
};

}  // namespace piperpc::codegen
