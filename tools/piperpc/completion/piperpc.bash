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

# Of the server that the command line names so far; "services" or "methods". Names alone, and not too
# many: a server may say anything, and compgen expands what it gets, as a shell does.
_piperpc_symbols() {
  local -a server=(--timeout 1s)
  local i
  for ((i = 1; i < COMP_CWORD; ++i)); do
    [[ ${COMP_WORDS[i]} == --endpoint ]] && server+=(--endpoint "${COMP_WORDS[i + 1]-}")
  done
  local name='[A-Za-z_][A-Za-z0-9_.]*'
  if [[ $1 == services ]]; then
    piperpc "${server[@]}" list 2>/dev/null | grep -Ex "$name" | head -n 1000
  else
    piperpc "${server[@]}" describe 2>/dev/null |
      awk '/^package / { sub(/;$/, "", $2); package = $2 "." }
           /^service / { service = package $2 }
           /^  rpc / { sub(/[(].*/, "", $2); print service "/" $2 }' |
      grep -Ex "$name/$name" | head -n 1000
  fi
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

# Names of files, which bash quotes as they need it.
_piperpc_files() {
  compopt -o filenames 2>/dev/null
  mapfile -t COMPREPLY < <(compgen -f -P "$2" -- "$1")
}

_piperpc() {
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} words=
  COMPREPLY=()
  case $before in
    --password-file) _piperpc_files "$word" '' && return ;;
    --backend) words='auto epoll io_uring' ;;
    --*) _piperpc_takes_value "$before" && return ;;
  esac
  if [[ -z $words ]]; then
    case $word in
      -*) words=$(_piperpc_flags) ;;
      @*) _piperpc_files "${word#@}" @ && return ;;
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
