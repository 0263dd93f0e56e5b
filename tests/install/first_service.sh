#!/bin/sh
# Lets thermostat_client in FOLDER call the thermostat_server there, at ENDPOINT, and read its
# metrics. Usage: first_service.sh FOLDER ENDPOINT
set -eu
said=$(mktemp)
trap 'rm -f "$said"' EXIT
# The server's standard input ends with the client.
"$1/thermostat_client" "$2" 18 | tee "$said" | "$1/thermostat_server" "$2"
for line in 'before: 20' 'piperpc_server_started_total{.*SetTarget'; do
  if ! grep -q "$line" "$said"; then
    echo "the client did not say: $line" >&2
    cat "$said" >&2
    exit 1
  fi
done
