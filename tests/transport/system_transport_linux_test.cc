// Which loops "auto" makes when the system refuses a part of io_uring, or has nothing left.
#include "src/transport/system_transport_linux.h"

#include <gtest/gtest.h>
#include <liburing.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "child_process_linux.h"
#include "refused_calls_linux.h"
#include "src/transport/event_loop_epoll_linux.h"
#include "support/no_descriptors_linux.h"

namespace piperpc::transport {
namespace {

using testing::NoDescriptors;

using Loop = absl::StatusOr<std::unique_ptr<EventLoop>>;

Loop NewLoop(SystemTransports& transports, std::string_view backend) {
  return (*transports.Get(backend))->NewLoop();
}

bool IsEpoll(const Loop& loop) {
  return loop.ok() && dynamic_cast<EpollLoop*>(loop->get()) != nullptr;
}

class AutomaticTransportTest : public ::testing::Test {
 protected:
  // "auto" is epoll from the beginning, and "io_uring" says why it is not to be used.
  static bool FallsBackWithout(const RefusedCall& call) {
    return InChild([&] {
      if (!RefuseCalls({call})) return true;
      SystemTransports transports;
      return (*transports.Get("auto"))->name() == "epoll" && IsEpoll(NewLoop(transports, "auto")) &&
             absl::IsFailedPrecondition(NewLoop(transports, "io_uring").status());
    });
  }
};

TEST_F(AutomaticTransportTest, IsEpollWhereAnyCallOfUringIsRefused) {
  for (const int error : {EPERM, EACCES, ENOSYS, EINVAL}) {
    EXPECT_TRUE(FallsBackWithout({SYS_io_uring_setup, error, std::nullopt})) << error;
    EXPECT_TRUE(FallsBackWithout({SYS_io_uring_enter, error, std::nullopt})) << error;
    EXPECT_TRUE(FallsBackWithout({SYS_io_uring_register, error, std::nullopt})) << error;
  }
}

TEST_F(AutomaticTransportTest, IsEpollWhereOneRegistrationIsRefused) {
  for (const std::uint32_t what : {IORING_REGISTER_ENABLE_RINGS, IORING_REGISTER_PBUF_RING}) {
    EXPECT_TRUE(FallsBackWithout({SYS_io_uring_register, EPERM, what})) << what;
  }
}

// Out of descriptors is not out of io_uring: the next loop is as good as if nothing had been.
TEST_F(AutomaticTransportTest, TellsAWantOfDescriptorsAndForgetsIt) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "UBSan's look at an object's type opens a pipe, and there are no descriptors";
#endif
  EXPECT_TRUE(InChild([] {
    SystemTransports transports;
    for (const char* backend : {"auto", "io_uring"}) {
      const NoDescriptors none;
      if (!absl::IsResourceExhausted(NewLoop(transports, backend).status())) return false;
    }
    SystemTransports fresh;
    return IsEpoll(NewLoop(transports, "auto")) == IsEpoll(NewLoop(fresh, "auto")) &&
           (*transports.Get("auto"))->name() == (*fresh.Get("auto"))->name();
  }));
}

TEST_F(AutomaticTransportTest, TellsAWantOfMemoryAndForgetsIt) {
  EXPECT_TRUE(InChild([] {
    if (!RefuseCalls({{SYS_io_uring_setup, ENOMEM, std::nullopt}})) return true;
    SystemTransports transports;
    return absl::IsResourceExhausted(NewLoop(transports, "auto").status()) &&
           (*transports.Get("auto"))->name() == "io_uring";
  }));
}

TEST_F(AutomaticTransportTest, MakesALoopOfEpollWhenUringIsRefusedLater) {
  EXPECT_TRUE(InChild([] {
    SystemTransports transports;
    if (!NewLoop(transports, "auto").ok()) return false;
    if (!RefuseCalls({{SYS_io_uring_setup, EPERM, std::nullopt}})) return true;
    return IsEpoll(NewLoop(transports, "auto"));
  }));
}

TEST_F(AutomaticTransportTest, UsesUringWhereItIsAllowed) {
  SystemTransports transports;
  const Loop uring = NewLoop(transports, "io_uring");
  if (!uring.ok()) GTEST_SKIP() << uring.status();
  EXPECT_FALSE(IsEpoll(NewLoop(transports, "auto")));
  EXPECT_EQ((*transports.Get("auto"))->name(), "io_uring");
}

}  // namespace
}  // namespace piperpc::transport
