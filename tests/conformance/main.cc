// The cases are data, so they become tests here: before main() there would be no order among them.
#include <gmock/gmock.h>

#include "conformance/client_conformance.h"
#include "conformance/server_conformance.h"

int main(int argc, char** argv) {
  ::testing::InitGoogleMock(&argc, argv);
  piperpc::conformance::RegisterServerCases();
  piperpc::conformance::RegisterClientCases();
  return RUN_ALL_TESTS();
}
