// How names of a .proto become names of C++.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace piperpc::codegen {

// A C++ keyword, or a macro that every translation unit may have (NULL, errno, …).
bool IsReserved(std::string_view name);

// The names that one C++ scope has given out. A name that is taken or reserved gets underscores at
// its end until it is free, as protoc does it for keywords.
class NameScope {
 public:
  // Neither taken nor reserved.
  bool Free(std::string_view name) const;

  // Gives `wanted`, or the nearest free name, and takes it.
  std::string Take(std::string_view wanted);

  // Takes `name` as it is; again does no harm.
  void Reserve(std::string_view name) { taken_.emplace(name); }

 private:
  std::set<std::string, std::less<>> taken_;
};

// One C++ name for each of `wanted`, in its order. Names that are right as they are get theirs
// first, whatever the order: a method called `delete_` stays so beside one called `delete`.
std::vector<std::string> TakeAll(NameScope& scope, const std::vector<std::string>& wanted);

}  // namespace piperpc::codegen
