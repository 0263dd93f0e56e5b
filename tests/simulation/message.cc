#include "simulation/message.h"

#include <charconv>

#include "absl/strings/str_cat.h"

namespace piperpc::simulation {

std::string MakeMessage(std::size_t call, Direction direction, std::size_t index,
                        std::size_t bytes) {
  const char kind = static_cast<char>(direction);
  std::string message = absl::StrCat(call, "/", std::string(1, kind), index, "/");
  message.append(bytes, static_cast<char>('a' + (call + index) % 26));
  return message;
}

std::size_t CallOf(std::string_view message) {
  std::size_t call = 0;
  std::from_chars(message.data(), message.data() + message.size(), call);
  return call;
}

}  // namespace piperpc::simulation
