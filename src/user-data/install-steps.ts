import type { PackageSource } from './input.ts';
import { quote } from './quote.ts';
import { UserDataError } from './user-data-error.ts';

/** The lines that leave eipkeeper, and nginx where it is wanted, installed. */
export function installSteps(source: PackageSource, { nginx }: { readonly nginx: boolean }): string[] {
  const steps = [PACKAGE_FUNCTIONS];
  if (nginx) steps.push(NGINX_STEPS);
  return [...steps, packageSteps(source)];
}

/** Another apt may hold the lock while a machine boots. */
const PACKAGE_FUNCTIONS = `. /etc/os-release
case " $ID \${ID_LIKE:-} " in
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
  *) fail "\${PRETTY_NAME:-$ID} is not supported: take Amazon Linux 2023, Debian or Ubuntu" ;;
esac`;

/** One that was there before is left running: this node may be serving. */
const NGINX_STEPS = `# nginx is started by eipkeeper on the node that leads, never by the boot.
if command -v nginx > /dev/null; then
  step 'leaving the start of nginx to eipkeeper' systemctl disable nginx.service
else
  step 'installing nginx' install_packages nginx
  step 'leaving the start of nginx to eipkeeper' systemctl disable --now nginx.service
fi`;

function packageSteps(source: PackageSource): string {
  switch (source.kind) {
    case 's3': {
      const object = quote('the package', `s3://${source.bucket}/${source.key}`);
      const fetch = `command -v aws > /dev/null || step 'installing the aws command' install_packages awscli
step 'fetching the package' aws s3 cp --only-show-errors ${object} "$package"`;
      return fileSteps(fetch, source.sha256);
    }
    case 'url': {
      const url = quote('the package', source.url);
      const fetch = `step 'fetching the package' \\
  curl -sS --fail --location --retry 5 --retry-connrefused --output "$package" ${url}`;
      return fileSteps(fetch, source.sha256);
    }
    case 'npm':
      return `command -v npm > /dev/null || fail 'there is no npm: take an image with Node 24, or the .deb or .rpm'
step 'installing the package' npm install --global --no-fund --no-audit ${quote('the package', source.specifier)}
units=$(npm root --global)/eipkeeper/systemd
step 'installing the units' install -m 644 "$units/eipkeeper.service" "$units/eipkeeper-guard.service" /etc/systemd/system`;
  }
}

function fileSteps(fetch: string, sha256: string | undefined): string {
  const lines = ['package=$work/eipkeeper.$ending', fetch];
  if (sha256 !== undefined) {
    if (!/^[0-9a-f]{64}$/i.test(sha256)) {
      throw new UserDataError(`${JSON.stringify(sha256)} is no SHA-256: give its 64 hexadecimal digits`);
    }
    lines.push(`echo "${sha256.toLowerCase()}  $package" > "$work/sum"`);
    lines.push(`step 'comparing the package with its SHA-256' sha256sum -c "$work/sum"`);
  }
  return [...lines, `step 'installing the package' install_packages "$package"`].join('\n');
}
