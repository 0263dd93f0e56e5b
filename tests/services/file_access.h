// Who may use a file or a folder; one file per platform behind it.
#pragma once

#include <string>

namespace services {

bool IsForOwnerOnly(const std::string& path);

// Lets every user of the machine read it.
void LetOthersRead(const std::string& path);

}  // namespace services
