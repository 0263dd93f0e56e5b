// The generated header after one of a system that has macros of the same names.
#include "codegen/beside_macros.h"

#include <algorithm>
#include <chrono>
#include <limits>

#include "in.pb.h"
// As windows.h and sys/sysmacros.h have them; min and max break what is included later, too.
#define GetMessage GetMessageW
#define SendMessage SendMessageW
#define CreateFile CreateFileW
#define CreateService CreateServiceW
#define GetObject GetObjectW
#define Yield()
#define DELETE (0x00010000L)
#define ERROR 0
#define min(a, b) (((a) < (b)) ? (a) : (b))
#define max(a, b) (((a) > (b)) ? (a) : (b))
#define major(device) ((device) >> 8)
#define minor(device) ((device)&0xff)
#define makedev(major, minor) (((major) << 8) | (minor))
#include "in.piperpc.h"

#if !defined(GetMessage) || !defined(CreateService) || !defined(major) || ERROR != 0
#error "The header has taken macros away that it did not define."
#endif
static_assert(max(minor(0x102), 1) == 2);

// What uses the names says that it means no macros.
#undef GetMessage
#undef CreateService
#undef DELETE
#undef max
#undef major

namespace piperpc::testing {
namespace {

using system_macros::v1::Text;

class Echo final : public system_macros::v1::CreateService {
 public:
  absl::StatusOr<Text> GetMessage(ServerContext&, const Text& request) override { return request; }
  absl::StatusOr<Text> DELETE(ServerContext&, const Text& request) override { return request; }
  absl::StatusOr<Text> max(ServerContext&, const Text& request) override { return request; }
};

}  // namespace

std::unique_ptr<Service> NewEcho() { return std::make_unique<Echo>(); }

std::string CallMajor(std::shared_ptr<Channel> channel) {
  return std::string(
      system_macros::v1::DeviceClient(std::move(channel)).major(Text()).status().message());
}

}  // namespace piperpc::testing
