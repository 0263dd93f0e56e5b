// Who may use what, for tests. Windows.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace piperpc::testing {

// A security descriptor, from its text (SDDL).
class Descriptor {
 public:
  explicit Descriptor(const std::string& sddl);

  void* get() const { return memory_.get(); }

 private:
  struct Free {
    void operator()(void* memory) const;
  };
  std::unique_ptr<void, Free> memory_;
};

// Gives a file or a folder another access list.
void SetAccess(const std::filesystem::path& path, const Descriptor& descriptor);

// The SIDs that its access list lets in.
std::vector<std::string> UsersOf(const std::filesystem::path& path);

// True where Wine stands in for Windows: it does not enforce all that Windows does.
bool UnderWine();

}  // namespace piperpc::testing
