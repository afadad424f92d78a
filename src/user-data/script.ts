import type { ConfigurationSource, UserDataInput } from './input.ts';
import { installSteps } from './install-steps.ts';
import { hereDocument, quote } from './quote.ts';
import { UserDataError } from './user-data-error.ts';

/** EC2 takes 16 KB of user data, counted before base64. */
export const USER_DATA_BYTES_MAX = 16_384;
const CONFIGURATION_FILE = '/etc/eipkeeper/eipkeeper.yaml';

/**
 * The shell script that makes a fresh Amazon Linux 2023, Debian or Ubuntu a node. It may run again at any time:
 * what is done is left, and nothing that serves is stopped. Throws UserDataError.
 */
export function userDataScript(input: UserDataInput): string {
  if (!Number.isInteger(input.waitSeconds) || input.waitSeconds < 1) {
    throw new UserDataError(`${input.waitSeconds} is no time to wait: give whole seconds, at least 1`);
  }
  const script = [
    PREAMBLE,
    signalFunction(input.signalUrl),
    STEP_FUNCTIONS,
    ...installSteps(input.package, { nginx: input.nginx }),
    ...configurationSteps(input.configuration),
    ...keySteps(input.generateKey),
    UNIT_STEPS,
    `step 'waiting until the node is fit to serve' \\
  eipkeeper doctor --wait ${input.waitSeconds}s --config "$config"`,
    "outcome='this node is ready'",
  ].join('\n\n');
  const bytes = Buffer.byteLength(script) + 1;
  if (bytes > USER_DATA_BYTES_MAX) {
    throw new UserDataError(
      `the script has ${bytes} bytes, EC2 takes ${USER_DATA_BYTES_MAX}: keep the configuration in SSM and name it, like ssm:/eipkeeper/web/config`,
    );
  }
  return `${script}\n`;
}

const PREAMBLE = `#!/bin/sh
# Makes this machine a node of an eipkeeper cluster. Made by "eipkeeper user-data"; safe to run again.
set -eu
export PATH="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\${PATH:+:$PATH}"
export DEBIAN_FRONTEND=noninteractive
outcome='the script broke off'
work=$(mktemp -d)`;

/** Reached with the outcome in a sentence: in the log of cloud-init, on the console, in the event of the stack. */
function signalFunction(url: string | null): string {
  const signal =
    url === null
      ? ''
      : `
  status=FAILURE
  [ "$code" -ne 0 ] || status=SUCCESS
  printf '{"Status":"%s","UniqueId":"%s","Data":"%s","Reason":"%s"}' "$status" "$(hostname)" "$code" \\
    "$(printf %s "$(hostname): $outcome" | tr -d '"\\\\' | tr '[:cntrl:]' ' ' | cut -c 1-1000)" > "$work/signal"
  curl -sS --fail --retry 5 --max-time 60 --request PUT --header 'Content-Type:' --data-binary "@$work/signal" \\
    ${quote('the URL of the wait condition', url)} || echo 'eipkeeper: CloudFormation could not be told' >&2`;
  return `finish() {
  code=$?
  echo "eipkeeper: user data ended with $code: $outcome"${signal}
  rm -rf "$work"
}
trap finish EXIT`;
}

const STEP_FUNCTIONS = `fail() {
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
}`;

function configurationSteps(source: ConfigurationSource): string[] {
  const name = 'the configuration';
  switch (source.kind) {
    case 'ssm':
      return [`config=${quote(name, `ssm:${source.parameter}`)}`, POINT_THE_UNIT_AT_IT];
    case 'inline': {
      const { redirect, body } = hereDocument(name, source.text);
      return [
        `config=${CONFIGURATION_FILE}\nwrite "$config" ${redirect}\n${body}`,
        'step \'checking the configuration\' eipkeeper config check "$config"',
      ];
    }
  }
}

const POINT_THE_UNIT_AT_IT = `write /etc/systemd/system/eipkeeper.service.d/10-user-data.conf <<EOF
[Service]
Environment="EIPKEEPER_CONFIG=$config"
EOF`;

function keySteps(key: UserDataInput['generateKey']): string[] {
  if (key === null) return [];
  const parameter = quote('the parameter of the key', key.parameter);
  const kmsKey = key.kmsKeyId === null ? '' : ` --kms-key ${quote('the KMS key', key.kmsKeyId)}`;
  return [`step 'making the key of the heartbeats' eipkeeper keygen --ssm ${parameter}${kmsKey}`];
}

/** A daemon that runs already is told to read its configuration again; it is never restarted from here. */
const UNIT_STEPS = `step 'reading the unit' systemctl daemon-reload
if systemctl is-active --quiet eipkeeper.service; then
  step 'reloading eipkeeper' systemctl reload eipkeeper.service
fi
step 'starting eipkeeper' systemctl enable --now eipkeeper.service`;
