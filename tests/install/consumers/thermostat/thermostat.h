// The service.
#pragma once

#include <atomic>

#include "thermostat/v1/thermostat.piperpc.h"

namespace thermostat::v1 {

class Thermostat final : public ThermostatService {
  piperpc::Task<absl::StatusOr<SetTargetResponse>> CoSetTarget(piperpc::ServerContext&,
                                                               SetTargetRequest request) override {
    if (request.degrees() < 5 || request.degrees() > 30) {
      co_return absl::InvalidArgumentError("degrees must be 5 to 30");
    }
    SetTargetResponse response;
    response.set_before(target_.exchange(request.degrees()));
    co_return response;
  }

  std::atomic<int> target_ = 20;
};

}  // namespace thermostat::v1
