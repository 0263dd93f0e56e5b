#include "simulation/faults.h"

namespace piperpc::simulation {

using std::chrono::microseconds;

Faults Faults::Draw(Random& random) {
  Faults faults;
  faults.delay = microseconds(random.OneOf({0, 100, 5'000, 50'000}));
  faults.capacity = random.OneOf<std::size_t>({600, 5'000, 70'000, 1024 * 1024});
  faults.stall = random.OneOf({0, 0, 20, 100});
  faults.tight_memory = random.Below(6) == 0;
  faults.longest_stall = microseconds(random.OneOf({1'000, 100'000, 800'000}));
  if (random.Below(4) == 0) return faults;
  faults.lose = random.OneOf({0, 3, 10, 50});
  faults.refuse_send = random.OneOf({0, 0, 3, 20});
  faults.refuse_receive = random.OneOf({0, 0, 3, 20});
  faults.refuse_connect = random.OneOf({0, 50, 300});
  return faults;
}

}  // namespace piperpc::simulation
