// From a .proto file to the two files that are made of it.
#pragma once

#include <cstdint>
#include <ostream>
#include <string>

#include "google/protobuf/compiler/code_generator.h"
#include "google/protobuf/descriptor.h"

namespace piperpc::codegen {

class Generator final : public google::protobuf::compiler::CodeGenerator {
 public:
  // `warnings`, which outlives it, gets a line for each name that is another one in C++.
  explicit Generator(std::ostream& warnings) : warnings_(warnings) {}

  bool Generate(const google::protobuf::FileDescriptor* file, const std::string& parameter,
                google::protobuf::compiler::GeneratorContext* context,
                std::string* error) const override;
  std::uint64_t GetSupportedFeatures() const override { return FEATURE_PROTO3_OPTIONAL; }

 private:
  std::ostream& warnings_;
};

}  // namespace piperpc::codegen
