#compdef lxc-autoscale
autoload -U +X bashcompinit && bashcompinit
# Generated from the commands by `npm run generate`.
_lxc_autoscale() {
  local current=${COMP_WORDS[COMP_CWORD]} path="" word words=""
  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case $word in -*) ;; *) case " preview | status | explain | history | undo | ignore | mode | boost | config | config check | config show | config diff | config reference | config migrate | doctor | notify | notify test | replay | forest | setup-token " in *" ${path:+$path }$word "*) path="${path:+$path }$word" ;; esac ;; esac
  done
  case $path in
    "") words="preview status explain history undo ignore mode boost config doctor notify replay forest setup-token --version --help" ;;
    "preview") words="--days --html --config-dir --json --help" ;;
    "status") words="--config-dir --url --key-file --json --watch --sort --top --cluster --help" ;;
    "explain") words="--config-dir --url --key-file --json --help" ;;
    "history") words="--config-dir --url --key-file --json --since --limit --help" ;;
    "undo") words="--config-dir --url --key-file --json --since --all-to-install --dry-run --yes --help" ;;
    "ignore") words="--config-dir --url --key-file --json --all --for --forever --end --help" ;;
    "mode") words="--config-dir --url --key-file --json --as-configured --help" ;;
    "boost") words="--config-dir --url --key-file --json --cores --memory --for --end --dry-run --help" ;;
    "config") words="check show diff reference migrate --help" ;;
    "config check") words="--config-dir --json --help" ;;
    "config show") words="--config-dir --json --help" ;;
    "config diff") words="--config-dir --json --help" ;;
    "config reference") words="--json --help" ;;
    "config migrate") words="--write --json --help" ;;
    "doctor") words="--config-dir --url --key-file --json --help" ;;
    "notify") words="test --help" ;;
    "notify test") words="--config-dir --url --key-file --json --help" ;;
    "replay") words="--trace --metrics --shapes --policy --mode --swap --config --decisions --html --json --help" ;;
    "forest") words="--data --label-column --seeds --json --help" ;;
    "setup-token") words="--with --run --renew --remove-helper --config-dir --help" ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  [ ${#COMPREPLY[@]} -gt 0 ] || COMPREPLY=($(compgen -f -- "$current"))
}
complete -F _lxc_autoscale lxc-autoscale
