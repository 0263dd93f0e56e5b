// This program, started once more.
#pragma once

#include <memory>
#include <string>
#include <vector>

namespace piperpc::bench {

class ChildProcess {
 public:
  // Starts it with `arguments`, which have no quotes or spaces in them, and waits until it says
  // something. Ends the program when it does not start.
  explicit ChildProcess(const std::vector<std::string>& arguments);

  // Ends its standard input, and waits for its end.
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace piperpc::bench
