#include "thermostat.h"

#include <gmock/gmock.h>

#include "piperpc/testing/in_process_server.h"
#include "piperpc/testing/matchers.h"

namespace thermostat::v1 {
namespace {

using piperpc::testing::InProcess;
using piperpc::testing::IsOkAndHolds;
using piperpc::testing::StatusIs;
using ::testing::Property;

SetTargetRequest Degrees(int degrees) {
  SetTargetRequest request;
  request.set_degrees(degrees);
  return request;
}

TEST(Thermostat, SaysWhatItWasBefore) {
  Thermostat service;
  InProcess<ThermostatClient> thermostat(service);
  EXPECT_THAT(thermostat->SetTarget(Degrees(18)),
              IsOkAndHolds(Property(&SetTargetResponse::before, 20)));
  EXPECT_THAT(thermostat->SetTarget(Degrees(21)),
              IsOkAndHolds(Property(&SetTargetResponse::before, 18)));
}

TEST(Thermostat, RefusesFrost) {
  Thermostat service;
  InProcess<ThermostatClient> thermostat(service);
  EXPECT_THAT(thermostat->SetTarget(Degrees(-3)), StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace thermostat::v1
