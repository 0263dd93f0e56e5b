// Which loops "auto" makes when the system refuses a part of io_uring, or has nothing left.
#include <gtest/gtest.h>
#include <liburing.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <latch>
#include <thread>

#include "absl/strings/match.h"
#include "child_process_linux.h"
#include "refused_calls_linux.h"
#include "src/transport/linux/event_loop_epoll.h"
#include "src/transport/linux/system_transport.h"
#include "support/descriptor_limit_linux.h"

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
      if (!RefuseCalls({call})) return false;
      SystemTransports transports;
      return (*transports.Get("auto"))->name() == "epoll" && IsEpoll(NewLoop(transports, "auto")) &&
             absl::IsFailedPrecondition(NewLoop(transports, "io_uring").status());
    });
  }
};

TEST_F(AutomaticTransportTest, IsEpollWhereAnyCallOfUringIsRefused) {
  if (!CanRefuseCalls()) GTEST_SKIP() << kCannotRefuseCalls;
  for (const int error : {EPERM, EACCES, ENOSYS, EINVAL}) {
    EXPECT_TRUE(FallsBackWithout({SYS_io_uring_setup, error, std::nullopt})) << error;
    EXPECT_TRUE(FallsBackWithout({SYS_io_uring_enter, error, std::nullopt})) << error;
    EXPECT_TRUE(FallsBackWithout({SYS_io_uring_register, error, std::nullopt})) << error;
  }
}

TEST_F(AutomaticTransportTest, IsEpollWhereOneRegistrationIsRefused) {
  if (!CanRefuseCalls()) GTEST_SKIP() << kCannotRefuseCalls;
  for (const std::uint32_t what : {IORING_REGISTER_ENABLE_RINGS, IORING_REGISTER_PBUF_RING}) {
    EXPECT_TRUE(FallsBackWithout({SYS_io_uring_register, EPERM, what})) << what;
  }
}

// Out of descriptors is not out of io_uring: the next loop is as good as if nothing had been.
TEST_F(AutomaticTransportTest, TellsAWantOfDescriptorsAndForgetsIt) {
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

// A user may lock only so much (RLIMIT_MEMLOCK), which rings need and epoll does not.
TEST_F(AutomaticTransportTest, IsEpollWhileNoMemoryMayBeLocked) {
  if (!CanRefuseCalls()) GTEST_SKIP() << kCannotRefuseCalls;
  EXPECT_TRUE(InChild([] {
    if (!RefuseCalls({{SYS_io_uring_setup, ENOMEM, std::nullopt}})) return false;
    SystemTransports transports;
    const absl::Status refused = NewLoop(transports, "io_uring").status();
    return IsEpoll(NewLoop(transports, "auto")) && absl::IsResourceExhausted(refused) &&
           absl::StrContains(refused.message(), "ulimit -l") &&
           (*transports.Get("auto"))->name() == "io_uring";
  }));
}

// Any of its calls, also one that the loop makes only when it runs and nobody is left to be told.
TEST_F(AutomaticTransportTest, MakesALoopOfEpollWhenUringIsRefusedLater) {
  if (!CanRefuseCalls()) GTEST_SKIP() << kCannotRefuseCalls;
  const RefusedCall calls[] = {
      {SYS_io_uring_setup, EPERM, std::nullopt},
      {SYS_io_uring_enter, EPERM, std::nullopt},
      {SYS_io_uring_register, EPERM, std::nullopt},
      {SYS_io_uring_register, EPERM, IORING_REGISTER_ENABLE_RINGS},
      {SYS_io_uring_register, EPERM, IORING_REGISTER_PBUF_RING},
  };
  for (const RefusedCall& call : calls) {
    EXPECT_TRUE(InChild([&] {
      SystemTransports transports;
      if (!NewLoop(transports, "auto").ok() || !RefuseCalls({call})) return false;
      return IsEpoll(NewLoop(transports, "auto")) &&
             absl::IsFailedPrecondition(NewLoop(transports, "io_uring").status());
    })) << call.number
        << " " << call.argument.value_or(0);
  }
}

// A child has no thread that would end the trying of its parent.
TEST_F(AutomaticTransportTest, IsFoundInAChildThatWasMadeWhileItWasLookedFor) {
  if (kChildMayHang) GTEST_SKIP() << kWhyChildMayHang;
  if (kChildMayRace) GTEST_SKIP() << "TSan takes threads of the parent for the child's";
  for (int i = 0; i < 20 && !HasFailure(); ++i) {
    SystemTransports transports;
    std::latch begun(1);
    std::jthread looks([&] {
      begun.count_down();
      EXPECT_TRUE(NewLoop(transports, "auto").ok());
    });
    begun.wait();
    EXPECT_TRUE(InChild([&] { return NewLoop(transports, "auto").ok(); })) << i;
  }
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
