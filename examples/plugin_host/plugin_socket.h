// What hosts and plug-ins agree on, besides plugin.proto.
#pragma once

// The descriptor of the socket that a plug-in inherits, and serves.
inline constexpr int kPluginSocket = 3;
