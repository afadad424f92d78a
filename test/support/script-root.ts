import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * A folder in which a user data script runs: its /etc is below it, and every program that would change the
 * machine is replaced by one that writes down how it was called.
 */
export class ScriptRoot {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async create(replaced: readonly string[]): Promise<ScriptRoot> {
    const root = new ScriptRoot(await mkdtemp(join(tmpdir(), 'eipkeeper-user-data-')));
    await mkdir(root.path('bin'));
    await mkdir(root.path('etc'));
    await root.system('ID=debian\nPRETTY_NAME="Debian 12"\n');
    for (const name of replaced) await root.program(name, 'exit 0');
    return root;
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  /** What /etc/os-release says. */
  system(text: string): Promise<void> {
    return writeFile(this.path('etc/os-release'), text);
  }

  /** A program that writes down its call, and keeps the file of a word "@file", which the script removes. */
  async program(name: string, body: string): Promise<void> {
    const record = `echo "${name} $*" >> '${this.path('calls')}'
for word; do case $word in @*) cp "\${word#@}" '${this.path('signal')}' ;; esac; done`;
    await writeFile(this.path(`bin/${name}`), `#!/bin/sh\n${record}\n${body}\n`);
    await chmod(this.path(`bin/${name}`), 0o755);
  }

  run(script: string): Promise<{ code: number; output: string }> {
    const moved = script
      .replaceAll('/etc/', `${this.folder}/etc/`)
      .replace('export PATH="', `export PATH="${this.folder}/bin:`);
    return new Promise((resolve) => {
      const child = execFile('sh', { encoding: 'utf8' }, (error, stdout, stderr) => {
        resolve({ code: typeof error?.code === 'number' ? error.code : 0, output: stdout + stderr });
      });
      child.stdin?.end(moved);
    });
  }

  /** The calls so far, in their order; they are forgotten then. */
  async takeCalls(): Promise<readonly string[]> {
    const text = await readFile(this.path('calls'), 'utf8');
    await rm(this.path('calls'));
    return text.trimEnd().split('\n');
  }

  async signal(): Promise<Record<string, string>> {
    return JSON.parse(await readFile(this.path('signal'), 'utf8')) as Record<string, string>;
  }

  remove(): Promise<void> {
    return rm(this.folder, { recursive: true, force: true });
  }
}
