import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const MAIN = fileURLToPath(new URL('../../../src/main.ts', import.meta.url));

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function main(argv: readonly string[], { closesStdout = false } = {}): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [MAIN, ...argv], { env: {} });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
    });
    if (closesStdout) child.stdout.destroy();
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });
}

describe('the program', () => {
  it('ends with the exit code of its command', async () => {
    const { code, stderr } = await main(['statsu']);
    expect(code).toBe(64);
    expect(stderr).toContain('Did you mean status?');
  });

  it('says that no daemon runs', async () => {
    const { code, stderr } = await main(['status', '--socket', '/nonexistent/eipkeeper.sock']);
    expect(code).toBe(69);
    expect(stderr).toMatch(/^eipkeeper: eipkeeper does not run here.*\n$/);
  });

  it('takes a closed pipe for the end of what is wanted', async () => {
    const { code, stderr } = await main(['--help'], { closesStdout: true });
    expect(stderr).toBe('');
    expect(code).toBe(0);
  });
});
