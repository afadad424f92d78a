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
  status=FAILURE
  [ "$code" -ne 0 ] || status=SUCCESS
  printf '{"Status":"%s","UniqueId":"%s","Data":"%s","Reason":"%s"}' "$status" "$(hostname)" "$code" \
    "$(printf %s "$(hostname): $outcome" | tr -d '"\\' | tr '[:cntrl:]' ' ' | cut -c 1-1000)" > "$work/signal"
  curl -sS --fail --retry 5 --max-time 60 --request PUT --header 'Content-Type:' --data-binary "@$work/signal" \
    'https://cloudformation-waitcondition-eu-west-1.s3.amazonaws.com/handle?X-Amz-Signature=0a&x=1' || echo 'eipkeeper: CloudFormation could not be told' >&2
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

# nginx is started by eipkeeper on the node that leads, never by the boot.
if command -v nginx > /dev/null; then
  step 'leaving the start of nginx to eipkeeper' systemctl disable nginx.service
else
  step 'installing nginx' install_packages nginx
  step 'leaving the start of nginx to eipkeeper' systemctl disable --now nginx.service
fi

package=$work/eipkeeper.$ending
command -v aws > /dev/null || step 'installing the aws command' install_packages awscli
step 'fetching the package' aws s3 cp --only-show-errors 's3://packages/eipkeeper/eipkeeper.rpm' "$package"
step 'installing the package' install_packages "$package"

config='ssm:/eipkeeper/web/config'

write /etc/systemd/system/eipkeeper.service.d/10-user-data.conf <<EOF
[Service]
Environment="EIPKEEPER_CONFIG=$config"
EOF

step 'making the key of the heartbeats' eipkeeper keygen --ssm '/eipkeeper/web/key'

step 'reading the unit' systemctl daemon-reload
if systemctl is-active --quiet eipkeeper.service; then
  step 'reloading eipkeeper' systemctl reload eipkeeper.service
fi
step 'starting eipkeeper' systemctl enable --now eipkeeper.service

step 'waiting until the node is fit to serve' \
  eipkeeper doctor --wait 600s --config "$config"

outcome='this node is ready'
