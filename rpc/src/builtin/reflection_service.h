#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "piperpc/server_context.h"
#include "piperpc/task.h"
#include "piperpc/v1/reflection.piperpc.h"

namespace piperpc::builtin {

// piperpc.v1.ReflectionService, from the descriptors that are linked in.
class ReflectionServiceImpl final : public v1::ReflectionService {
 public:
  // `services` gives the names that the server has; called on any thread.
  explicit ReflectionServiceImpl(std::function<std::vector<std::string>()> services)
      : services_(std::move(services)) {}

  Task<absl::StatusOr<v1::ListServicesResponse>> CoListServices(
      ServerContext& context, v1::ListServicesRequest request) override;
  Task<absl::StatusOr<v1::GetFileDescriptorsResponse>> CoGetFileDescriptors(
      ServerContext& context, v1::GetFileDescriptorsRequest request) override;

 private:
  const std::function<std::vector<std::string>()> services_;
};

}  // namespace piperpc::builtin
