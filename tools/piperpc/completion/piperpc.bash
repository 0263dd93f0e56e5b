# Completion of piperpc's command line in bash: commands, flags, and, where a server answers within a
# second, its services, methods and types. In zsh: autoload -U bashcompinit && bashcompinit first.

# What follows a flag, as --help says: "--flag VALUE  what it is".
_piperpc_flags() {
  piperpc --help 2>/dev/null | sed -n 's/^  \(--[a-z-]*\).*/\1/p'
}

_piperpc_takes_value() {
  piperpc --help 2>/dev/null | grep -Eq -- "^  $1 [A-Z]"
}

_piperpc_commands() {
  piperpc --help 2>/dev/null | sed -n 's/^  piperpc \([a-z]*\).*/\1/p'
}

# Of the server that the command line names so far; "services" or "methods".
_piperpc_symbols() {
  local -a server=(--timeout 1s)
  local i
  for ((i = 1; i < COMP_CWORD; ++i)); do
    [[ ${COMP_WORDS[i]} == --endpoint ]] && server+=(--endpoint "${COMP_WORDS[i + 1]-}")
  done
  local services
  # Names alone: what compgen gets it expands, as a shell does.
  services=$(piperpc "${server[@]}" list 2>/dev/null | grep -Ex '[A-Za-z_][A-Za-z0-9_.]*') || return
  if [[ $1 == services ]]; then
    printf '%s\n' "$services"
    return
  fi
  local service
  while read -r service; do
    piperpc "${server[@]}" describe "$service" 2>/dev/null |
      sed -n "s,^ *rpc \([A-Za-z_][A-Za-z0-9_]*\).*,$service/\1,p"
  done <<<"$services"
}

# The word of the line that is the command, and empty where there is none yet.
_piperpc_command() {
  local i
  for ((i = 1; i < COMP_CWORD; ++i)); do
    case ${COMP_WORDS[i]} in
      --*) _piperpc_takes_value "${COMP_WORDS[i]}" && ((++i)) ;;
      *) printf '%s' "${COMP_WORDS[i]}" && return ;;
    esac
  done
}

_piperpc() {
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} words=
  COMPREPLY=()
  case $before in
    --password-file) mapfile -t COMPREPLY < <(compgen -f -- "$word") && return ;;
    --backend) words='auto epoll io_uring' ;;
    --*) _piperpc_takes_value "$before" && return ;;
  esac
  if [[ -z $words ]]; then
    case $word in
      -*) words=$(_piperpc_flags) ;;
      @*) mapfile -t COMPREPLY < <(compgen -f -P @ -- "${word#@}") && return ;;
      *)
        case $(_piperpc_command) in
          '') words=$(_piperpc_commands) ;;
          help) words=$(_piperpc_commands) ;;
          call) words=$(_piperpc_symbols methods) ;;
          describe | wait) words=$(_piperpc_symbols services) ;;
        esac
        ;;
    esac
  fi
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}

complete -F _piperpc piperpc
