#!/bin/sh
# Lets vault_client in FOLDER log in to the vault_server there, at ENDPOINT; then SIGTERM ends the
# server, with 0. Usage: end_by_signal.sh FOLDER ENDPOINT
set -eu
"$1/vault_server" "$2" sesame &
server=$!
trap 'kill -KILL $server 2>/dev/null || true' EXIT
said=$("$1/vault_client" "$2" ana sesame)
if [ "$said" != 'Opened by ana' ]; then
  echo "the client said: $said" >&2
  exit 1
fi
if "$1/vault_client" "$2" ana wrong 2>/dev/null; then
  echo 'a wrong secret was taken' >&2
  exit 1
fi
kill -TERM $server
wait $server
