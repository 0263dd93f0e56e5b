#include "interop/child_win32.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace piperpc::interop {
namespace {

constexpr std::chrono::seconds kPatience(60);
constexpr DWORD kPatienceMs = 60'000;

constexpr std::size_t kMoreThanGaps = 200;
constexpr ULONG_PTR kHandleStep = 4;  // The values of handles are multiples of it.

// A pipe of which the child inherits one end.
struct Inherited {
  HANDLE ours = nullptr;
  HANDLE its = nullptr;
};

Inherited NewPipe(bool child_writes) {
  SECURITY_ATTRIBUTES inherit{sizeof(SECURITY_ATTRIBUTES), nullptr, TRUE};
  HANDLE read = nullptr;
  HANDLE write = nullptr;
  EXPECT_TRUE(::CreatePipe(&read, &write, &inherit, 0)) << ::GetLastError();
  const Inherited pipe =
      child_writes ? Inherited{.ours = read, .its = write} : Inherited{.ours = write, .its = read};
  ::SetHandleInformation(pipe.ours, HANDLE_FLAG_INHERIT, 0);
  return pipe;
}

// The system ends the job's processes when its last handle is closed, however this process ends.
HANDLE NewJob() {
  const HANDLE job = ::CreateJobObjectW(nullptr, nullptr);
  JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits{};
  limits.BasicLimitInformation.LimitFlags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE;
  EXPECT_TRUE(
      ::SetInformationJobObject(job, JobObjectExtendedLimitInformation, &limits, sizeof(limits)))
      << ::GetLastError();
  return job;
}

std::string CommandLine(const std::string& program, const std::vector<std::string>& arguments) {
  std::string line = "\"" + program + "\"";
  for (const std::string& argument : arguments) line += " \"" + argument + "\"";
  return line;
}

}  // namespace

Child::Child(const std::string& program, const std::vector<std::string>& arguments)
    : job_(NewJob()) {
  const Inherited input = NewPipe(false);
  const Inherited output = NewPipe(true);
  STARTUPINFOA startup{};
  startup.cb = sizeof(startup);
  startup.dwFlags = STARTF_USESTDHANDLES;
  startup.hStdInput = input.its;
  startup.hStdOutput = output.its;
  startup.hStdError = ::GetStdHandle(STD_ERROR_HANDLE);
  std::string line = CommandLine(program, arguments);
  PROCESS_INFORMATION made{};
  EXPECT_TRUE(::CreateProcessA(nullptr, line.data(), nullptr, nullptr, TRUE, CREATE_SUSPENDED,
                               nullptr, nullptr, &startup, &made))
      << line << ": error " << ::GetLastError();
  EXPECT_TRUE(::AssignProcessToJobObject(job_, made.hProcess)) << ::GetLastError();
  ::ResumeThread(made.hThread);
  ::CloseHandle(made.hThread);
  ::CloseHandle(input.its);
  ::CloseHandle(output.its);
  process_ = made.hProcess;
  input_ = input.ours;
  reader_ = std::thread(&Child::ReadLines, this, output.ours);
}

Child::~Child() {
  Kill();
  reader_.join();
  ::CloseHandle(input_);
  ::CloseHandle(process_);
  ::CloseHandle(job_);
}

void Child::ReadLines(HANDLE output) {
  std::string line;
  char bytes[512];
  DWORD count = 0;
  while (::ReadFile(output, bytes, sizeof(bytes), &count, nullptr) && count > 0) {
    for (const char c : std::string_view(bytes, count)) {
      if (c == '\r') continue;
      if (c != '\n') {
        line += c;
        continue;
      }
      const std::lock_guard lock(mutex_);
      lines_.push_back(std::move(line));
      line.clear();
      changed_.notify_one();
    }
  }
  ::CloseHandle(output);
  const std::lock_guard lock(mutex_);
  ended_ = true;
  changed_.notify_one();
}

std::optional<std::string> Child::NextLine() {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, kPatience, [this] { return !lines_.empty() || ended_; });
  if (lines_.empty()) return std::nullopt;
  std::string line = std::move(lines_.front());
  lines_.pop_front();
  return line;
}

void Child::Write(std::string_view text) {
  DWORD written = 0;
  EXPECT_TRUE(::WriteFile(input_, text.data(), static_cast<DWORD>(text.size()), &written, nullptr))
      << ::GetLastError();
}

void Child::Kill() {
  ::TerminateProcess(process_, 99);
  EXPECT_TRUE(Wait());
}

std::optional<DWORD> Child::Wait() {
  if (::WaitForSingleObject(process_, kPatienceMs) != WAIT_OBJECT_0) return std::nullopt;
  DWORD code = 0;
  ::GetExitCodeProcess(process_, &code);
  return code;
}

// Wine does not count them, but it hands out the lowest number that is free: those of enough new
// handles fill all gaps, and the highest one tells how many there are.
std::size_t Child::handles() const {
  DWORD count = 0;
  EXPECT_TRUE(::GetProcessHandleCount(process_, &count)) << ::GetLastError();
  if (count != 0) return count;
  std::vector<HANDLE> added(kMoreThanGaps);
  ULONG_PTR highest = 0;
  for (HANDLE& handle : added) {
    EXPECT_TRUE(::DuplicateHandle(::GetCurrentProcess(), job_, process_, &handle, 0, FALSE,
                                  DUPLICATE_SAME_ACCESS))
        << ::GetLastError();
    highest = std::max(highest, reinterpret_cast<ULONG_PTR>(handle));
  }
  for (const HANDLE handle : added) {
    HANDLE taken = nullptr;
    EXPECT_TRUE(::DuplicateHandle(process_, handle, ::GetCurrentProcess(), &taken, 0, FALSE,
                                  DUPLICATE_SAME_ACCESS | DUPLICATE_CLOSE_SOURCE))
        << ::GetLastError();
    ::CloseHandle(taken);
  }
  return highest / kHandleStep - added.size();
}

}  // namespace piperpc::interop
