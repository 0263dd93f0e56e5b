#include "src/builtin/descriptor_index.h"

#include <unordered_set>

namespace piperpc::builtin {
namespace {

using google::protobuf::FileDescriptor;

// Collects files, imports first.
class Collector {
 public:
  void Add(const FileDescriptor& file) {
    if (!seen_.insert(&file).second) return;
    for (int i = 0; i < file.dependency_count(); ++i) Add(*file.dependency(i));
    files_.push_back(&file);
  }
  std::vector<const FileDescriptor*> Take() { return std::move(files_); }

 private:
  std::unordered_set<const FileDescriptor*> seen_;
  std::vector<const FileDescriptor*> files_;
};

}  // namespace

std::vector<const FileDescriptor*> FilesOf(const std::vector<std::string>& services,
                                           const google::protobuf::DescriptorPool& pool) {
  Collector collector;
  for (const std::string& name : services) {
    const google::protobuf::ServiceDescriptor* service = pool.FindServiceByName(name);
    if (service != nullptr) collector.Add(*service->file());
  }
  return collector.Take();
}

std::vector<const FileDescriptor*> WithImports(const FileDescriptor& file) {
  Collector collector;
  collector.Add(file);
  return collector.Take();
}

}  // namespace piperpc::builtin
