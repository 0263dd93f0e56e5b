#include "src/builtin/reflection_service.h"

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/descriptor.pb.h"
#include "src/builtin/descriptor_index.h"

namespace piperpc::builtin {
namespace {

using google::protobuf::DescriptorPool;
using google::protobuf::FileDescriptor;

// The file that has `symbol`, if it is one of the services' files; else null.
const FileDescriptor* FindServed(const std::string& symbol,
                                 const std::vector<std::string>& services) {
  const DescriptorPool& pool = *DescriptorPool::generated_pool();
  const FileDescriptor* const file = pool.FindFileContainingSymbol(symbol);
  const std::vector<const FileDescriptor*> served = FilesOf(services, pool);
  const bool found = std::find(served.begin(), served.end(), file) != served.end();
  return found ? file : nullptr;
}

std::string Serialise(const FileDescriptor& file) {
  google::protobuf::FileDescriptorProto proto;
  file.CopyTo(&proto);
  return proto.SerializeAsString();
}

}  // namespace

Task<absl::StatusOr<v1::ListServicesResponse>> ReflectionServiceImpl::CoListServices(
    ServerContext&, v1::ListServicesRequest) {
  std::vector<std::string> names = services_();
  std::sort(names.begin(), names.end());
  v1::ListServicesResponse response;
  for (std::string& name : names) response.add_services(std::move(name));
  co_return response;
}

Task<absl::StatusOr<v1::GetFileDescriptorsResponse>> ReflectionServiceImpl::CoGetFileDescriptors(
    ServerContext&, v1::GetFileDescriptorsRequest request) {
  const FileDescriptor* const file = FindServed(request.symbol(), services_());
  if (file == nullptr) {
    co_return absl::NotFoundError(absl::StrCat("no symbol ", request.symbol(), " on this server"));
  }
  v1::GetFileDescriptorsResponse response;
  for (const FileDescriptor* each : WithImports(*file)) response.add_files(Serialise(*each));
  co_return response;
}

}  // namespace piperpc::builtin
