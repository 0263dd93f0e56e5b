#include "interop/child_win32.h"

#include <gtest/gtest.h>
#include <winternl.h>

#include <algorithm>

namespace piperpc::interop {
namespace {

constexpr std::chrono::seconds kPatience(60);
constexpr DWORD kPatienceMs = 60'000;

// SystemExtendedHandleInformation: winternl.h has neither the number nor the types.
constexpr auto kExtendedHandles = static_cast<SYSTEM_INFORMATION_CLASS>(64);
constexpr auto kTooSmall = static_cast<NTSTATUS>(0xc0000004);  // STATUS_INFO_LENGTH_MISMATCH

struct HandleEntry {
  void* object;
  ULONG_PTR pid;
  ULONG_PTR handle;
  ULONG access;
  USHORT back_trace;
  USHORT type;
  ULONG attributes;
  ULONG reserved;
};

struct HandleList {
  ULONG_PTR count;
  ULONG_PTR reserved;
  HandleEntry entries[1];
};

std::vector<HandleEntry> AllHandles() {
  std::vector<char> bytes(1 << 16);
  ULONG size = 0;
  while (::NtQuerySystemInformation(kExtendedHandles, bytes.data(),
                                    static_cast<ULONG>(bytes.size()), &size) == kTooSmall) {
    bytes.resize(2 * bytes.size());
  }
  const auto* const list = reinterpret_cast<const HandleList*>(bytes.data());
  return {list->entries, list->entries + list->count};
}

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

Child::Handles Child::handles() const {
  const std::vector<HandleEntry> list = AllHandles();
  const auto is_ours = [this](const HandleEntry& entry) {
    return entry.pid == ::GetCurrentProcessId() &&
           entry.handle == reinterpret_cast<ULONG_PTR>(input_);
  };
  const auto pipe = std::ranges::find_if(list, is_ours);
  Handles handles;
  if (pipe == list.end()) {
    ADD_FAILURE() << "the system's list of handles lacks one";
    return handles;
  }
  for (const HandleEntry& entry : list) {
    if (entry.pid != ::GetProcessId(process_)) continue;
    ++handles.all;
    if (entry.type == pipe->type) ++handles.pipes;
  }
  return handles;
}

}  // namespace piperpc::interop
