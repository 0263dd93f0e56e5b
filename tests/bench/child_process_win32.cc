#include <windows.h>

#include <cstdio>
#include <cstdlib>

#include "child_process.h"

namespace piperpc::bench {

class ChildProcess::Impl {
 public:
  explicit Impl(const std::vector<std::string>& arguments) {
    SECURITY_ATTRIBUTES inherit{sizeof(SECURITY_ATTRIBUTES), nullptr, TRUE};
    HANDLE its_input = nullptr;
    HANDLE its_output = nullptr;
    HANDLE output = nullptr;
    if (!::CreatePipe(&its_input, &input_, &inherit, 0)) Die("CreatePipe");
    if (!::CreatePipe(&output, &its_output, &inherit, 0)) Die("CreatePipe");
    ::SetHandleInformation(input_, HANDLE_FLAG_INHERIT, 0);
    ::SetHandleInformation(output, HANDLE_FLAG_INHERIT, 0);
    Start(arguments, its_input, its_output);
    ::CloseHandle(its_input);
    ::CloseHandle(its_output);
    char ready = 0;
    DWORD count = 0;
    if (!::ReadFile(output, &ready, 1, &count, nullptr)) Die("the servers do not start");
    ::CloseHandle(output);
  }

  ~Impl() {
    ::CloseHandle(input_);
    ::WaitForSingleObject(process_, INFINITE);
    ::CloseHandle(process_);
  }

 private:
  [[noreturn]] static void Die(const char* what) {
    std::fprintf(stderr, "%s: error %lu\n", what, ::GetLastError());
    std::exit(1);
  }

  void Start(const std::vector<std::string>& arguments, HANDLE input, HANDLE output) {
    char program[MAX_PATH] = {};
    ::GetModuleFileNameA(nullptr, program, MAX_PATH);
    std::string line = "\"" + std::string(program) + "\"";
    for (const std::string& argument : arguments) line += " " + argument;
    STARTUPINFOA startup{};
    startup.cb = sizeof(startup);
    startup.dwFlags = STARTF_USESTDHANDLES;
    startup.hStdInput = input;
    startup.hStdOutput = output;
    startup.hStdError = ::GetStdHandle(STD_ERROR_HANDLE);
    PROCESS_INFORMATION made{};
    if (!::CreateProcessA(nullptr, line.data(), nullptr, nullptr, TRUE, 0, nullptr, nullptr,
                          &startup, &made)) {
      Die("CreateProcess");
    }
    ::CloseHandle(made.hThread);
    process_ = made.hProcess;
  }

  HANDLE process_ = nullptr;
  HANDLE input_ = nullptr;
};

ChildProcess::ChildProcess(const std::vector<std::string>& arguments)
    : impl_(std::make_unique<Impl>(arguments)) {}
ChildProcess::~ChildProcess() = default;

}  // namespace piperpc::bench
