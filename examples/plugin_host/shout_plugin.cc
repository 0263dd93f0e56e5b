// shout_plugin: a plug-in. Serves the process that has started it, and ends with it.
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <utility>
#include <vector>

#include "piperpc/open_socket.h"
#include "piperpc/server.h"
#include "plugin_socket.h"
#include "shout.h"

int main() {
  absl::StatusOr<piperpc::OpenSocket> socket = piperpc::OpenSocket::Take(kPluginSocket, "host");
  if (!socket.ok()) {
    std::cerr << socket.status() << "\nThis is a plug-in: plugin_host starts it.\n";
    return 2;
  }
  std::vector<piperpc::OpenSocket> sockets;
  sockets.push_back(*std::move(socket));
  Shout shout;
  piperpc::Server server;
  absl::Status status = server.AddService(shout);
  if (status.ok()) status = server.StartOn(std::move(sockets));
  if (status.ok()) status = server.WaitForLastClient();
  if (!status.ok()) {
    std::cerr << status << "\n";
    return 1;
  }
  // A handler that does not end would hold up the server's destructor, and nobody is left for it.
  if (!server.Shutdown(std::chrono::seconds(0)).clean()) std::_Exit(1);
}
