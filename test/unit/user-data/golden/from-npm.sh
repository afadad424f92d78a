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

command -v npm > /dev/null || fail 'there is no npm: take an image with Node 24, or the .deb or .rpm'
step 'installing the package' npm install --global --no-fund --no-audit 'eipkeeper@1.2.3'
units=$(npm root --global)/eipkeeper/systemd
step 'installing the units' install -m 644 "$units/eipkeeper.service" "$units/eipkeeper-guard.service" /etc/systemd/system

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
