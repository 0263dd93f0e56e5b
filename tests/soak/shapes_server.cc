#include "soak/shapes_server.h"

#include <chrono>
#include <iostream>
#include <limits>

#include "piperpc/server.h"
#include "support/shapes_service.h"

namespace piperpc::soak {

int ServeShapes(const std::string& endpoint, const std::string& backend) {
  testing::ShapesService shapes;
  Server server({.backend = backend});
  absl::Status status = server.AddService(shapes.service());
  if (status.ok()) status = server.Start(endpoint);
  if (!status.ok()) {
    std::cerr << status << '\n';
    return 1;
  }
  std::cout << "READY" << std::endl;
  std::cin.ignore(std::numeric_limits<std::streamsize>::max());
  return server.Shutdown(std::chrono::seconds(10)).clean() ? 0 : 1;
}

}  // namespace piperpc::soak
