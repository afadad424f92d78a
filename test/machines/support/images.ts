import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { podman, tryPodman } from '../../support/podman.ts';
import { machineImage } from '../../support/systemd-machine.ts';

const ROOT = new URL('../../..', import.meta.url).pathname;
const NODE = join(ROOT, 'node_modules/node/bin/node');
const BUILD_TIMEOUT_MS = 480_000;

const IMAGES = {
  eipkeeper: 'localhost/eipkeeper-test-node',
  'eipkeeper-demo': 'localhost/eipkeeper-test-demo',
};
const NODE_IMAGE = 'localhost/eipkeeper-test-nodejs';

/**
 * The images of docker/Dockerfile, on a Debian of our own: no registry of images is needed. The executable is the
 * one that was built already, so the stage that builds it is left out.
 */
export async function buildImages(executable: string): Promise<Readonly<Record<string, string>>> {
  const folder = await mkdtemp(join(tmpdir(), 'eipkeeper-images-'));
  try {
    const base = await machineImage();
    // Where that stage leaves it.
    await mkdir(join(folder, 'eipkeeper'));
    await copyFile(executable, join(folder, 'eipkeeper/eipkeeper'));
    await copyFile(NODE, join(folder, 'node'));
    await writeFile(join(folder, 'Dockerfile'), `FROM ${base}\nCOPY node /usr/local/bin/node\n`);
    await podman(['--runtime', 'runc', 'build', '--tag', NODE_IMAGE, folder], BUILD_TIMEOUT_MS);
    await buildTarget('node', IMAGES.eipkeeper, { base, executable: folder });
    await buildTarget('demo', IMAGES['eipkeeper-demo'], { base, executable: folder });
    return IMAGES;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function buildTarget(
  target: string,
  tag: string,
  { base, executable }: { readonly base: string; readonly executable: string },
): Promise<void> {
  await podman(
    [
      ...['--runtime', 'runc', 'build', '--network', 'host', '--format', 'docker', '--tag', tag],
      ...['--file', join(ROOT, 'docker/Dockerfile'), '--target', target],
      ...['--build-arg', `BASE_IMAGE=${base}`, '--build-arg', `NODE_IMAGE=${NODE_IMAGE}`],
      ...['--build-context', `build=${executable}`],
      ROOT,
    ],
    BUILD_TIMEOUT_MS,
  );
}

/** With the layers that only they have. */
export async function removeImages(): Promise<void> {
  const names = [...Object.values(IMAGES), NODE_IMAGE];
  await tryPodman(['image', 'rm', '--force', ...names]);
}
