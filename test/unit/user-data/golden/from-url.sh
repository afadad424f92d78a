#!/bin/sh
# Makes this machine a node of an eipkeeper cluster. Made by "eipkeeper user-data"; safe to run again.
set -eu
export PATH="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin${PATH:+:$PATH}"
export DEBIAN_FRONTEND=noninteractive
outcome='the script broke off'
work=$(mktemp -d)

finish() {
  code=$?
  echo "eipkeeper: user data ended with $code: $outcome"
  rm -rf "$work"
}
trap finish EXIT

fail() {
  outcome=$1
  exit 1
}
# step WHAT COMMAND...: a failure ends the script, and the command's last line says why.
step() {
  what=$1
  shift
  echo "eipkeeper: $what"
  "$@" > "$work/output" 2>&1 && code=0 || code=$?
  cat "$work/output"
  [ "$code" -eq 0 ] && return
  outcome="$what failed with $code: $(tail -n 1 "$work/output")"
  exit "$code"
}
# write FILE: replaces it by what comes on standard input, or leaves it as it was.
write() {
  mkdir -p "$(dirname "$1")"
  cat > "$1.new"
  mv "$1.new" "$1"
}

. /etc/os-release
case " $ID ${ID_LIKE:-} " in
  *' amzn '* | *' fedora '*)
    ending=rpm
    install_packages() { dnf install -y "$@"; }
    ;;
  *' debian '*)
    ending=deb
    install_packages() {
      apt-get -o DPkg::Lock::Timeout=300 update
      apt-get -o DPkg::Lock::Timeout=300 install -y --no-install-recommends "$@"
    }
    ;;
  *) fail "${PRETTY_NAME:-$ID} is not supported: take Amazon Linux 2023, Debian or Ubuntu" ;;
esac

package=$work/eipkeeper.$ending
step 'fetching the package' \
  curl -sS --fail --location --retry 5 --retry-connrefused --output "$package" 'https://example.com/eipkeeper.deb'
echo "abababababababababababababababababababababababababababababababab  $package" > "$work/sum"
step 'comparing the package with its SHA-256' sha256sum -c "$work/sum"
step 'installing the package' install_packages "$package"

config=/etc/eipkeeper/eipkeeper.yaml
write "$config" <<'END_OF_CONFIGURATION'
cluster: web
# it's $HOME and `id`
END_OF_CONFIGURATION

step 'checking the configuration' eipkeeper config check "$config"

step 'reading the unit' systemctl daemon-reload
if systemctl is-active --quiet eipkeeper.service; then
  step 'reloading eipkeeper' systemctl reload eipkeeper.service
fi
step 'starting eipkeeper' systemctl enable --now eipkeeper.service

step 'waiting until the node is fit to serve' \
  eipkeeper doctor --wait 60s --config "$config"

outcome='this node is ready'
