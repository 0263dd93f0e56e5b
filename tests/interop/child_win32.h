// A program under way, its standard input and output in our hands. It never outlives this process.
#pragma once

#include <windows.h>

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace piperpc::interop {

class Child {
 public:
  // `program`: its path. The arguments have no quotes in them. Fails the test when it does not
  // start.
  Child(const std::string& program, const std::vector<std::string>& arguments);
  ~Child();  // Kills it.
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  // The next line of its standard output; nothing at the end, or when none comes in time.
  std::optional<std::string> NextLine();

  void Write(std::string_view text);

  // Ends it on the spot, as TerminateProcess does, and waits until it is gone.
  void Kill();

  // Its exit code; nothing when it does not end in time.
  std::optional<DWORD> Wait();

  // How many handles it has open.
  std::size_t handles() const;

 private:
  void ReadLines(HANDLE output);

  HANDLE job_ = nullptr;
  HANDLE process_ = nullptr;
  HANDLE input_ = nullptr;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::string> lines_;
  bool ended_ = false;
  std::thread reader_;
};

}  // namespace piperpc::interop
