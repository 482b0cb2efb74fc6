# Sourced by bin/demo and bin/test: makes a fresh Debian machine with Node >= 20, npm and git ready.

missing=''

# npm packages, and with them the Node that the project runs on. Quick when nothing changed.
install_packages() {
  if ! command -v npm >/dev/null 2>&1; then
    echo 'Signalbox needs Node >= 20 with npm. Install them, then run this again.' >&2
    exit 1
  fi
  stamp=node_modules/.signalbox-installed
  if [ ! -x node_modules/node/bin/node ] || ! cmp -s package-lock.json "$stamp" 2>/dev/null; then
    echo 'Installing npm packages …'
    npm ci --no-audit --no-fund --loglevel=error
    # npm versions that hold install scripts back leave out the Node binary.
    [ -x node_modules/node/bin/node ] || npm rebuild node --ignore-scripts=false --loglevel=error
    [ -x node_modules/node/bin/node ] || (cd node_modules/node && node installArchSpecificPackage.js)
    cp package-lock.json "$stamp"
  fi
}

# need_program <program> <Debian package>
need_program() {
  command -v "$1" >/dev/null 2>&1 || missing="$missing $2"
}

need_postgres() {
  ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 || command -v postgres >/dev/null 2>&1 || missing="$missing postgresql"
}

# Installs what need_* found missing when that is allowed; else says so, and fails under CI.
install_missing() {
  [ -n "$missing" ] || return 0
  sudo=''
  if [ "$(id -u)" -ne 0 ]; then sudo='sudo -n'; fi
  if command -v apt-get >/dev/null 2>&1 && $sudo true 2>/dev/null; then
    echo "Installing Debian packages:$missing …"
    export DEBIAN_FRONTEND=noninteractive
    $sudo apt-get update -qq
    # shellcheck disable=SC2086
    $sudo apt-get install -y -qq --no-install-recommends $missing >/dev/null
    return 0
  fi
  echo "MISSING:$missing (no right to install them here). Their tests will be skipped." >&2
  [ "${CI:-}" != true ] || exit 1
}
