# Pieces that the scripts share; to be sourced from the root of the repository.

# Installs the npm packages of the lock file unless they are there already.
install_npm_packages() {
  require_node
  if [ -d node_modules ] && [ node_modules/.package-lock.json -nt package-lock.json ]; then return 0; fi
  echo 'installing npm packages ...'
  npm ci --no-audit --no-fund --loglevel=error
}

# Ends the script with an explanation when Node.js is missing or too old.
require_node() {
  local version
  version=$(node --version 2>/dev/null) || { echo 'Node.js is missing: install Node.js 20.19 or newer' >&2; exit 1; }
  node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' ||
    { echo "Node.js $version is too old: install Node.js 20.19 or newer" >&2; exit 1; }
}

can_install_packages() { [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; }

# Parses every shell script without running it.
check_shell_scripts() {
  local file bad=0
  while read -r file; do bash -n "$file" || bad=1; done < <(git ls-files | xargs grep -lE '^#!.*\b(bash|sh)$' --)
  return $bad
}

# Makes a folder for temporary files that every user reaches, and prints it: in memory where there is room and programs may be run from
# there, since on a disk it is a good part of the work of the tests to write and sync small files.
make_scratch() {
  local parent=${TMPDIR:-/tmp} free_kb folder
  free_kb=$(df --output=avail /dev/shm 2>/dev/null | tail -n1)
  if [ "${free_kb:-0}" -gt 2000000 ] && ! grep -q ' /dev/shm [^ ]* [^ ]*noexec' /proc/mounts; then parent=/dev/shm; fi
  folder=$(mktemp -d -p "$parent" lxc-autoscale-test-XXXXXX)
  chmod 1777 "$folder"
  echo "$folder"
}
