# Sourced by bin/demo and bin/test: makes a fresh Debian machine with Node >= 20, npm and git ready.

required='' # Debian packages without which nothing works
wanted=''   # Debian packages whose tests would be skipped

# npm packages, and with them the Node that the project runs on. Quick when nothing changed.
install_packages() {
  if ! command -v npm >/dev/null 2>&1 || ! command -v node >/dev/null 2>&1; then
    echo 'Signalbox needs Node >= 20 with npm. Install them, then run this again.' >&2
    exit 1
  fi
  major=$(node -p 'process.versions.node.split(".")[0]')
  if [ "$major" -lt 20 ]; then
    echo "Signalbox needs Node >= 20 to install itself, this is $(node --version). Install a newer one, then run this again." >&2
    exit 1
  fi
  stamp=node_modules/.signalbox-installed
  if [ -x node_modules/node/bin/node ] && cmp -s package-lock.json "$stamp"; then return 0; fi
  echo 'Installing npm packages (once, about half a minute) …'
  npm ci --include=dev --no-audit --no-fund --no-update-notifier --loglevel=error
  # npm that holds install scripts back leaves out the Node binary.
  [ -x node_modules/node/bin/node ] || npm rebuild node --ignore-scripts=false --loglevel=error || true
  [ -x node_modules/node/bin/node ] || (cd node_modules/node && node installArchSpecificPackage.js)
  if [ ! -x node_modules/node/bin/node ]; then
    echo 'The npm package "node" did not bring its program. Try: rm -rf node_modules, then run this again.' >&2
    exit 1
  fi
  cp package-lock.json "$stamp"
}

# require_program <program> <Debian package>: nothing works without it.
require_program() {
  command -v "$1" >/dev/null 2>&1 || required="$required $2"
}

# want_program <program> <Debian package>: its tests are skipped without it, and CI may skip nothing.
want_program() {
  command -v "$1" >/dev/null 2>&1 || wanted="$wanted $2"
}

want_postgres() {
  ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 || want_program postgres postgresql
}

# Installs what was found missing where that is allowed (root, or sudo without a password); else names it.
install_missing() {
  [ -n "$required$wanted" ] || return 0
  sudo=''
  if [ "$(id -u)" -ne 0 ]; then sudo='sudo -n'; fi
  if command -v apt-get >/dev/null 2>&1 && $sudo true 2>/dev/null; then
    echo "Installing Debian packages:$required$wanted …"
    if apt_install; then return 0; fi
    echo 'apt-get failed.' >&2
  fi
  if [ -n "$required" ]; then
    echo "MISSING:$required. Install it, then run this again: apt-get install$required" >&2
    exit 1
  fi
  echo "MISSING:$wanted (no right to install it here). Its tests are skipped." >&2
  if [ "${CI:-}" = true ]; then
    echo 'Under CI=true nothing may be skipped.' >&2
    exit 1
  fi
}

# shellcheck disable=SC2086
apt_install() {
  $sudo env DEBIAN_FRONTEND=noninteractive apt-get update -qq &&
    $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $required $wanted >/dev/null
}
