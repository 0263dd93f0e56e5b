#include "model.h"

#include <gtest/gtest.h>

#include <string>

#include "google/protobuf/descriptor.h"
#include "google/protobuf/descriptor.pb.h"

namespace piperpc::codegen {
namespace {

using google::protobuf::DescriptorPool;
using google::protobuf::FileDescriptor;
using google::protobuf::FileDescriptorProto;

// Each file imports the one before, and has a service.
const FileDescriptor* AddChain(int length, DescriptorPool& pool) {
  const FileDescriptor* last = nullptr;
  for (int i = 0; i < length; ++i) {
    FileDescriptorProto file;
    file.set_name("f" + std::to_string(i) + ".proto");
    file.set_package("chain.v1");
    if (last != nullptr) file.add_dependency(last->name());
    file.add_service()->set_name("S" + std::to_string(i));
    last = pool.BuildFile(file);
  }
  return last;
}

TEST(ModelTest, ALongChainOfImportsTakesNoLongTime) {
  DescriptorPool pool;
  const FileDescriptor* const last = AddChain(100, pool);
  ASSERT_NE(last, nullptr);
  const absl::StatusOr<File> model = BuildModel(*last);
  ASSERT_TRUE(model.ok()) << model.status();
  EXPECT_EQ(model->services[0].service_class, "S99Service");
}

}  // namespace
}  // namespace piperpc::codegen
