#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "child_process.h"

namespace piperpc::bench {

class ChildProcess::Impl {
 public:
  explicit Impl(const std::vector<std::string>& arguments) {
    int input[2];
    int output[2];
    if (::pipe2(input, O_CLOEXEC) != 0 || ::pipe2(output, O_CLOEXEC) != 0) Die("pipe");
    posix_spawn_file_actions_t files;
    ::posix_spawn_file_actions_init(&files);
    ::posix_spawn_file_actions_adddup2(&files, input[0], STDIN_FILENO);
    ::posix_spawn_file_actions_adddup2(&files, output[1], STDOUT_FILENO);
    std::string program = "/proc/self/exe";
    std::vector<std::string> words = arguments;
    std::vector<char*> argv = {program.data()};
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    if (::posix_spawn(&child_, program.c_str(), &files, nullptr, argv.data(), environ) != 0) {
      Die("posix_spawn");
    }
    ::posix_spawn_file_actions_destroy(&files);
    ::close(input[0]);
    ::close(output[1]);
    input_ = input[1];
    char ready = 0;
    if (::read(output[0], &ready, 1) != 1) Die("the servers do not start");
    ::close(output[0]);
  }

  ~Impl() {
    ::close(input_);
    ::waitpid(child_, nullptr, 0);
  }

 private:
  [[noreturn]] static void Die(const char* what) {
    std::perror(what);
    std::exit(1);
  }

  pid_t child_ = 0;
  int input_ = -1;
};

ChildProcess::ChildProcess(const std::vector<std::string>& arguments)
    : impl_(std::make_unique<Impl>(arguments)) {}
ChildProcess::~ChildProcess() = default;

}  // namespace piperpc::bench
