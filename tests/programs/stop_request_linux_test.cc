#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <string>

#include "support/descriptor_limit_linux.h"
#include "tools/piperpcd/stop_request.h"

namespace piperpc::daemon {
namespace {

using piperpc::testing::NoDescriptors;

// A StopRequest leaves signals blocked; later tests, and who wants to end this program, need them.
class StopRequestLinuxTest : public ::testing::Test {
 protected:
  StopRequestLinuxTest() { pthread_sigmask(SIG_SETMASK, nullptr, &before_); }
  ~StopRequestLinuxTest() override { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_;
};

TEST_F(StopRequestLinuxTest, ASignalThatCameBeforeTheWaitEndsIt) {
  for (const char* word : {"", "fim"}) {
    StopRequest request;
    kill(getpid(), SIGHUP);
    EXPECT_EQ(request.Wait(word).text, "SIGHUP");
  }
}

// Without descriptors poll(2) fails, at every try.
TEST_F(StopRequestLinuxTest, ASignalEndsTheWaitWhenTheSystemGivesNoDescriptors) {
  for (const char* word : {"", "fim"}) {
    const NoDescriptors none;
    StopRequest request;
    kill(getpid(), SIGTERM);
    EXPECT_EQ(request.Wait(word).text, "SIGTERM");
  }
}

TEST_F(StopRequestLinuxTest, SignalsOfTheSameMomentAreOneWish) {
  StopRequest request;
  kill(getpid(), SIGHUP);
  kill(getpid(), SIGTERM);
  EXPECT_EQ(request.Wait("").text, "SIGHUP");
  const SecondSignal second([](const std::string& name) { ADD_FAILURE() << name; });
  sigset_t pending;
  do {
    sigpending(&pending);  // Until the repeat is taken; it would end the program otherwise.
  } while (sigismember(&pending, SIGTERM) == 1);
}

TEST_F(StopRequestLinuxTest, ALaterSignalIsToldOfAndEndsTheProgram) {
  const auto end_twice = [] {
    StopRequest request;
    kill(getpid(), SIGTERM);
    request.Wait("");
    const SecondSignal second(
        [](const std::string& name) { std::fprintf(stderr, "told of %s\n", name.c_str()); });
    while (true) {  // The first ones are repeats.
      kill(getpid(), SIGHUP);
      usleep(1000);
    }
  };
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(end_twice(), ::testing::KilledBySignal(SIGHUP), "told of SIGHUP");
}

}  // namespace
}  // namespace piperpc::daemon
