// The service upper.v1.UpperService: converts text to upper case.
#pragma once

#include "absl/status/statusor.h"
#include "upper/v1/upper.piperpc.h"

namespace services {

// Thread-safe: it has no state.
class Upper final : public upper::v1::UpperService {
 public:
  piperpc::Task<absl::StatusOr<upper::v1::UppercaseResponse>> CoUppercase(
      piperpc::ServerContext& context, upper::v1::UppercaseRequest request) override;

  piperpc::Stream<upper::v1::UppercaseLinesResponse> CoUppercaseLines(
      piperpc::ServerContext& context,
      piperpc::CoReader<upper::v1::UppercaseLinesRequest> reader) override;
};

}  // namespace services
