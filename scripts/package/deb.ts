import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { NO_AUTHOR, type Publisher, publisher, version } from '../bundle.ts';
import { machineFiles, type PackagedFile, packaging, writeTree } from './install-tree.ts';

export interface MachinePackageOptions {
  readonly executable: string;
  readonly licences: string;
  /** For what comes between; empty or missing. */
  readonly folder: string;
  /** Where the package goes. */
  readonly output: string;
  readonly timeSeconds: number;
  /** Left out, who is in package.json. */
  readonly publisher?: Publisher;
  /** Of an rpm; left out, that of these sources. */
  readonly release?: string;
}

/** Gives the path of the package. */
export function buildDeb(options: MachinePackageOptions): string {
  const { folder, output, timeSeconds } = options;
  const files = machineFiles({ ...options, zshFolder: 'vendor-completions' });
  const scripts = ['postinst', 'prerm', 'postrm'].map(
    (name): PackagedFile => ({ path: `DEBIAN/${name}`, mode: 0o755, content: packaging(`deb/${name}`) }),
  );
  const manifest: PackagedFile = {
    path: 'DEBIAN/control',
    mode: 0o644,
    content: control(options.publisher ?? publisher),
  };
  writeTree(folder, [...files, manifest, ...scripts], timeSeconds);
  const deb = join(output, `eipkeeper_${version}_amd64.deb`);
  execFileSync(
    'dpkg-deb',
    ['--root-owner-group', '--threads-max=1', '-Zzstd', '-z12', '--build', folder, deb],
    {
      env: { ...process.env, SOURCE_DATE_EPOCH: String(timeSeconds) },
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  );
  return deb;
}

const control = ({ author = NO_AUTHOR, homepage }: Publisher): string => `Package: eipkeeper
Version: ${version}
Architecture: amd64
Maintainer: ${author}
${homepage === undefined ? '' : `Homepage: ${homepage}\n`}Section: admin
Priority: optional
Depends: libc6 (>= 2.28), libstdc++6 (>= 8), libgcc-s1, systemd (>= 247)
Description: keeps an Elastic IP, and the service behind it, on a healthy EC2 instance
 Daemons on two or more EC2 instances that keep an Elastic IP, and the service
 behind it, on a healthy one of them. Needs no Node.js.
`;
