// Uses each of the services that are installed as .proto files.
#include <iostream>

#include "auth/v1/auth.piperpc.h"
#include "notify/v1/notify.piperpc.h"
#include "piperpc/channel.h"
#include "upper/v1/upper.piperpc.h"

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const auto channel = piperpc::Connect(argv[1]);
  std::cout << auth::v1::AuthClient(channel).WhoAmI({}).status() << "\n"
            << notify::v1::NotifyClient(channel).Publish({}).status() << "\n"
            << upper::v1::UpperClient(channel).Uppercase({}).status() << "\n";
}
