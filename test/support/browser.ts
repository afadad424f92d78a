import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { missingPrograms } from './describe-where.ts';

/** Debian's, which Playwright drives as well as its own. */
const PROGRAM = '/usr/bin/chromium';
const ARGUMENTS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const WAIT_MS = 60_000;

export const missingBrowser = (): string | null => missingPrograms({ chromium: 'chromium' });

/** A Chromium with a profile of its own, that remembers what went wrong in any of its pages. */
export class TestBrowser {
  /** What the console said: errors of scripts, and what the policy of a page refused. */
  readonly complaints: string[] = [];
  readonly requests: string[] = [];
  readonly #profile = mkdtempSync(join(tmpdir(), 'eipkeeper-browser-'));
  #context: BrowserContext | null = null;

  async start(options: BrowserContextOptions = {}): Promise<void> {
    this.#context = await chromium.launchPersistentContext(this.#profile, {
      executablePath: PROGRAM,
      args: ARGUMENTS,
      timeout: WAIT_MS,
      ...options,
    });
    this.#context.setDefaultTimeout(WAIT_MS);
  }

  async open(url: string): Promise<Page> {
    if (this.#context === null) throw new Error('the browser was not started');
    const page = await this.#context.newPage();
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') this.complaints.push(message.text());
    });
    page.on('pageerror', (error) => this.complaints.push(error.message));
    page.on('request', (request) => this.requests.push(request.url()));
    await page.goto(url);
    return page;
  }

  async close(): Promise<void> {
    await this.#context?.close();
    rmSync(this.#profile, { recursive: true, force: true });
  }
}
