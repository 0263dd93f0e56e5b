// Programs that use named pipes and know nothing of PipeRPC: as Microsoft's "Named Pipe Client"
// does it, and the readers and writers of the classic exercises. The server answers by an error
// frame, or closes, and serves the next client.
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <future>
#include <string>
#include <string_view>
#include <thread>

#include "interop/frames.h"
#include "interop/server_fixture_win32.h"

namespace piperpc::interop {
namespace {

constexpr std::chrono::seconds kPromptly(2);
constexpr std::chrono::seconds kAfterTheTimeForHello(10);  // Which is 5 s.
constexpr int kInvalidArgument = 3;
constexpr int kDeadlineExceeded = 4;
constexpr wchar_t kText[] =
    L"Default message from client.";  // With its NUL, as the sample sends it.

// A plain client on a thread of its own, in the blocking way of such programs.
class PlainClient {
 public:
  explicit PlainClient(std::function<void()> talk)
      : talk_(std::move(talk)), thread_([this] {
          talk_();
          done_.set_value();
        }) {}
  ~PlainClient() { thread_.join(); }
  bool DoneWithin(std::chrono::seconds limit) {
    return done_.get_future().wait_for(limit) == std::future_status::ready;
  }

 private:
  const std::function<void()> talk_;
  std::promise<void> done_;
  std::thread thread_;
};

class PlainClientTest : public ServerTest {
 protected:
  // Lets a plain client talk, and another one be served meanwhile. One that the server leaves
  // hanging is freed by the server's end.
  void Talk(std::function<void()> talk, std::chrono::seconds limit = kPromptly) {
    PlainClient client(std::move(talk));
    ExpectNextClientIsServed();
    const bool done = client.DoneWithin(limit);
    EXPECT_TRUE(done) << "the client waits for the server still";
    if (!done) server_->Kill();
  }

  HANDLE Open(DWORD access = GENERIC_READ | GENERIC_WRITE) {
    return OpenWhenFree(name_, access, 0);
  }

  static void SetMessageMode(HANDLE pipe) {
    DWORD mode = PIPE_READMODE_MESSAGE;
    EXPECT_TRUE(::SetNamedPipeHandleState(pipe, &mode, nullptr, nullptr)) << ::GetLastError();
  }

  static void WriteText(HANDLE pipe) {
    DWORD written = 0;
    EXPECT_TRUE(::WriteFile(pipe, kText, sizeof(kText), &written, nullptr)) << ::GetLastError();
    EXPECT_EQ(written, sizeof(kText));
  }

  // One message, by reads that are too short for it.
  static std::string ReadInPieces(HANDLE pipe) {
    std::string message;
    char buffer[8];
    DWORD count = 0;
    BOOL done = FALSE;
    do {
      done = ::ReadFile(pipe, buffer, sizeof(buffer), &count, nullptr);
      if (!done && ::GetLastError() != ERROR_MORE_DATA) break;
      message.append(buffer, count);
    } while (!done);
    EXPECT_TRUE(done) << ::GetLastError();
    return message;
  }

  static void ExpectGoaway(std::string_view message, int code) {
    const std::vector<Frame> frames = Decode(message);
    ASSERT_EQ(frames.size(), 1u);
    EXPECT_EQ(frames[0].header.kind(), v1::FRAME_KIND_GOAWAY);
    v1::Goaway goaway;
    EXPECT_TRUE(goaway.ParseFromString(frames[0].payload));
    EXPECT_EQ(goaway.status().code(), code);
    EXPECT_NE(goaway.status().message(), "");
  }
};

TEST_F(PlainClientTest, TextIsAnsweredByAnErrorFrameThatAShortBufferTakesInPieces) {
  Talk([&] {
    const HANDLE pipe = Open();
    SetMessageMode(pipe);
    WriteText(pipe);
    ExpectGoaway(ReadInPieces(pipe), kInvalidArgument);
    ::CloseHandle(pipe);
  });
}

TEST_F(PlainClientTest, AfterTheErrorFrameThePipeEnds) {
  Talk([&] {
    const HANDLE pipe = Open();
    SetMessageMode(pipe);
    WriteText(pipe);
    ReadInPieces(pipe);
    char byte = 0;
    DWORD count = 0;
    EXPECT_FALSE(::ReadFile(pipe, &byte, 1, &count, nullptr));
    EXPECT_EQ(::GetLastError(), DWORD{ERROR_BROKEN_PIPE});
    ::CloseHandle(pipe);
  });
}

TEST_F(PlainClientTest, CallNamedPipeGetsTheErrorFrame) {
  Talk([&] {
    wchar_t text[] = L"call";
    char answer[512];
    DWORD count = 0;
    EXPECT_TRUE(::CallNamedPipeA(name_.c_str(), text, sizeof(text), answer, sizeof(answer), &count,
                                 NMPWAIT_USE_DEFAULT_WAIT))
        << ::GetLastError();
    ExpectGoaway({answer, count}, kInvalidArgument);
  });
}

TEST_F(PlainClientTest, CallNamedPipeWithAShortBufferGetsTheFrontOfIt) {
  Talk([&] {
    char text[] = "call";
    char answer[4];
    DWORD count = 0;
    EXPECT_FALSE(::CallNamedPipeA(name_.c_str(), text, sizeof(text), answer, sizeof(answer), &count,
                                  NMPWAIT_USE_DEFAULT_WAIT));
    EXPECT_EQ(::GetLastError(), DWORD{ERROR_MORE_DATA});
    EXPECT_EQ(count, sizeof(answer));
  });
}

TEST_F(PlainClientTest, TransactNamedPipeGetsTheErrorFrame) {
  Talk([&] {
    const HANDLE pipe = Open();
    SetMessageMode(pipe);
    char text[] = "transaction";
    char answer[512];
    DWORD count = 0;
    EXPECT_TRUE(
        ::TransactNamedPipe(pipe, text, sizeof(text), answer, sizeof(answer), &count, nullptr))
        << ::GetLastError();
    ExpectGoaway({answer, count}, kInvalidArgument);
    ::CloseHandle(pipe);
  });
}

TEST_F(PlainClientTest, OneThatStaysInByteModeReadsTheErrorFrameAsBytes) {
  Talk([&] {
    const HANDLE pipe = Open();
    WriteText(pipe);
    std::string bytes;
    char byte = 0;
    DWORD count = 0;
    while (::ReadFile(pipe, &byte, 1, &count, nullptr)) bytes += byte;
    EXPECT_EQ(::GetLastError(), DWORD{ERROR_BROKEN_PIPE});
    ExpectGoaway(bytes, kInvalidArgument);
    ::CloseHandle(pipe);
  });
}

TEST_F(PlainClientTest, AReaderThatNeverWritesIsToldThatItsTimeIsOver) {
  Talk(
      [&] {
        EXPECT_TRUE(::WaitNamedPipeA(name_.c_str(), NMPWAIT_WAIT_FOREVER)) << ::GetLastError();
        const HANDLE pipe = Open(GENERIC_READ);
        char buffer[512];
        DWORD count = 0;
        EXPECT_TRUE(::ReadFile(pipe, buffer, sizeof(buffer), &count, nullptr)) << ::GetLastError();
        ExpectGoaway({buffer, count}, kDeadlineExceeded);
        EXPECT_FALSE(::ReadFile(pipe, buffer, sizeof(buffer), &count, nullptr));
        ::CloseHandle(pipe);
      },
      kAfterTheTimeForHello);
}

TEST_F(PlainClientTest, AWriterThatNeverReadsIsCutOff) {
  Talk(
      [&] {
        const HANDLE pipe = Open(GENERIC_WRITE);
        const std::string line(4000, 'w');
        DWORD count = 0;
        while (::WriteFile(pipe, line.data(), static_cast<DWORD>(line.size()), &count, nullptr)) {
        }
        EXPECT_TRUE(::GetLastError() == ERROR_NO_DATA || ::GetLastError() == ERROR_BROKEN_PIPE)
            << ::GetLastError();
        ::CloseHandle(pipe);
      },
      kAfterTheTimeForHello);
}

TEST_F(PlainClientTest, AnEmptyMessageEndsTheConnection) {
  Talk([&] {
    const HANDLE pipe = Open();
    DWORD count = 0;
    EXPECT_TRUE(::WriteFile(pipe, "", 0, &count, nullptr)) << ::GetLastError();
    char byte = 0;
    EXPECT_FALSE(::ReadFile(pipe, &byte, 1, &count, nullptr));
    EXPECT_EQ(::GetLastError(), DWORD{ERROR_BROKEN_PIPE});
    ::CloseHandle(pipe);
  });
}

TEST_F(PlainClientTest, AMessageAboveEveryLimitEndsTheConnection) {
  Talk([&] {
    const HANDLE pipe = Open();
    const std::string message(1 << 20, 'm');
    DWORD count = 0;
    ::WriteFile(pipe, message.data(), static_cast<DWORD>(message.size()), &count, nullptr);
    char buffer[512];
    while (::ReadFile(pipe, buffer, sizeof(buffer), &count, nullptr)) {
    }
    EXPECT_EQ(::GetLastError(), DWORD{ERROR_BROKEN_PIPE});
    ::CloseHandle(pipe);
  });
}

TEST_F(PlainClientTest, OneThatVanishesBeforeItSaidAnythingIsForgotten) {
  Talk([&] { ::CloseHandle(Open()); });
}

TEST_F(PlainClientTest, OneThatWritesAndVanishesIsForgotten) {
  Talk([&] {
    const HANDLE pipe = Open();
    WriteText(pipe);
    ::CloseHandle(pipe);
  });
}

}  // namespace
}  // namespace piperpc::interop
