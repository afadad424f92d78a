import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { NO_AUTHOR, publisher, version } from '../bundle.ts';
import type { MachinePackageOptions } from './deb.ts';
import { machineFiles, packaging, writeTree } from './install-tree.ts';

/** Gives the path of the package. */
export function buildRpm(options: MachinePackageOptions): string {
  const { folder, output, timeSeconds, release = version } = options;
  const { author = NO_AUTHOR, homepage } = options.publisher ?? publisher;
  const files = machineFiles({ ...options, zshFolder: 'site-functions' });
  const tree = join(folder, 'tree');
  writeTree(tree, files, timeSeconds);
  const filled = packaging('rpm/eipkeeper.spec')
    .replace('@version@', release)
    .replace('@packager@', author)
    .replace('@url@', homepage === undefined ? '' : `URL: ${homepage}\n`)
    .replace('@tree@', tree)
    .replace(
      '@files@',
      files.map(({ path, content }) => `${content === null ? '%dir ' : ''}/${path}`).join('\n'),
    );
  const spec = join(folder, 'eipkeeper.spec');
  writeFileSync(spec, filled);
  const top = join(folder, 'rpmbuild');
  mkdirSync(top);
  execFileSync('rpmbuild', ['-bb', '--quiet', '--target', 'x86_64-linux', ...defines(top), spec], {
    env: { ...process.env, SOURCE_DATE_EPOCH: String(timeSeconds) },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const name = `eipkeeper-${release}-1.x86_64.rpm`;
  const rpm = join(output, name);
  copyFileSync(join(top, 'RPMS/x86_64', name), rpm);
  return rpm;
}

function defines(top: string): string[] {
  const settings = {
    _topdir: top,
    _buildhost: 'localhost',
    _binary_payload: 'w12.zstdio',
    use_source_date_epoch_as_buildtime: '1',
    clamp_mtime_to_source_date_epoch: '1',
    source_date_epoch_from_changelog: '0',
    // The program is at the end of the executable: whoever strips it takes it away.
    __os_install_post: '%{nil}',
    debug_package: '%{nil}',
    _build_id_links: 'none',
    _enable_debug_packages: '0',
  };
  return Object.entries(settings).flatMap(([name, value]) => ['--define', `${name} ${value}`]);
}
