import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { missingBrowser, TestBrowser } from '../support/browser.ts';
import { describeWhere } from '../support/describe-where.ts';
import { LoopbackCluster, type LoopbackNode, UNHURRIED } from '../support/loopback-cluster.ts';
import { freePort } from './free-port.ts';

vi.setConfig({ ...UNHURRIED, hookTimeout: 120_000 });

const IMAGES = fileURLToPath(new URL('../../docs/images/', import.meta.url));
/** Set by "npm run screenshots". */
const TAKES_PICTURES = process.env.EIPKEEPER_SCREENSHOTS === '1';

/** Of its own, since a node runs once on a machine. */
const CLUSTER = TAKES_PICTURES ? 'shop' : `shop-${process.pid}`;

/** What the tests ask in the page; its types are not those of Node. */
const WIDTHS = '[document.documentElement.scrollWidth, document.documentElement.clientWidth]';
/** Then it would be printed over what stands beside it. */
const OVERFLOW =
  '(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth)(document.querySelector(".members .mark.not"))';
/** What it would show of a group whose leader is silent. */
const WITHOUT_LEADER = `(async () => {
  const { drawGroups } = await import('/groups.js');
  const status = await (await fetch('status')).json();
  for (const { leader, candidates } of status.groups)
    for (const one of candidates) if (one.node === leader) one.role = null;
  return drawGroups(status).map(({ textContent }) => textContent).join();
})()`;
const FOCUSED = 'document.activeElement.textContent.trim()';

describeWhere(
  missingBrowser(),
  'the status page in a browser',
  () => {
    const browser = new TestBrowser();
    const cluster = new LoopbackCluster({
      configure: (file) => {
        file.cluster = CLUSTER;
      },
    });
    const { main, aux } = cluster;
    let port = 0;

    const urlOf = (node: LoopbackNode) => `http://${node.address}:${port}/`;

    async function open(node: LoopbackNode): Promise<Page> {
      const page = await browser.open(urlOf(node));
      await page.getByText(`live from ${node.name}`).waitFor();
      return page;
    }

    beforeAll(async () => {
      port = await freePort();
      await cluster.start();
      for (const node of cluster.nodes) {
        node.write((file) => {
          file.http = { address: 'node', port };
        });
      }
      await Promise.all([cluster.startServing(), browser.start()]);
    });

    afterAll(async () => {
      await browser.close();
      await cluster.close();
    });

    it('shows who leads, by what right, the address and where EC2 says it is', async () => {
      const page = await open(main);
      const group = page.getByRole('region', { name: 'web' });
      await group.getByText('by the word of its peers').waitFor();
      expect(await group.locator('.leader').innerText()).toMatch(/main\s+term \d/);
      await group.getByText(/^on main, EC2 said .* ago$/).waitFor();
      expect(await group.locator('.address').innerText()).toContain(cluster.publicIp);
      await group.getByText('watched every 5 s').waitFor();
      await page.getByText('main leads web; every group could be taken over.').waitFor();
      expect(await page.title()).toBe(`${CLUSTER} – eipkeeper`);
      const members = await group.locator('.members li').allInnerTexts();
      expect(members.join('\n')).toMatch(/main\s+leads[\s\S]*aux\s+could lead/);
      await page
        .getByRole('region', { name: 'Nodes and links' })
        .getByText(/there and back, .* lost/)
        .waitFor();
      await page.close();
    });

    it('shows the whole cluster from the other node too', async () => {
      const page = await open(aux);
      const group = page.getByRole('region', { name: 'web' });
      await group.getByText('main says it leads').waitFor();
      const members = await group.locator('.members li').allInnerTexts();
      expect(members.join('\n')).toMatch(/main\s+leads\s+leads, services run, has the address/);
      await page.close();
    });

    it('says why a node could not lead, and what would change that', async () => {
      const page = await open(main);
      await aux.command('standby');
      await page.locator('.members').getByText('it is in standby (eipkeeper online ends that)').waitFor();
      await page.getByText('Nobody else could lead web.').waitFor();
      expect(await page.evaluate(OVERFLOW)).toBe(0);
      await page.getByText('What one could do').click();
      await page.getByText('eipkeeper online aux', { exact: true }).waitFor();
      expect(await page.getByText(/eipkeeper switchover/).count()).toBe(0);
      await aux.command('online');
      await page.getByText('eipkeeper switchover --group web --to aux', { exact: true }).waitFor();
      await page.close();
    });

    it('offers no move that a silent leader could not carry out', async () => {
      const page = await open(main);
      await page.getByText(/eipkeeper switchover/).waitFor({ state: 'attached' });
      const shown = await page.evaluate(WITHOUT_LEADER);
      expect(shown).toContain('eipkeeper explain --group web');
      expect(shown).not.toContain('eipkeeper switchover');
      expect(shown).not.toContain('eipkeeper standby');
      await page.close();
    });

    it('follows a switchover without being loaded again, with its phases where they are known', async () => {
      const [there, here] = [await open(main), await open(aux)];
      await there.evaluate('globalThis.sameDocument = true');
      const { code } = await main.command('switchover', '--to', 'aux');
      expect(code).toBe(0);
      await there.locator('.leader strong').getByText('aux').waitFor();
      await there.locator('.timeline').getByText('web: main → aux').waitFor();
      expect(await there.evaluate('globalThis.sameDocument')).toBe(true);
      await here.locator('.timeline .bar').first().waitFor();
      expect(await here.locator('.timeline .bar').first().getAttribute('aria-label')).toMatch(
        /^detect .*, claim .*, move .*, start /,
      );
      await Promise.all([there.close(), here.close()]);
    });

    it('can be used with the keyboard alone, and keeps the focus while it changes', async () => {
      const page = await open(aux);
      const tab = async () => {
        await page.keyboard.press('Tab');
        return page.evaluate(FOCUSED);
      };
      expect(await tab()).toBe('Skip to the groups');
      expect(await tab()).toBe('What one could do');
      await page.keyboard.press('Enter');
      expect(await tab()).toBe('Copy');
      // Two more statuses come meanwhile.
      await page.waitForTimeout(4_500);
      expect(await page.evaluate(FOCUSED)).toBe('Copy');
      expect(await page.evaluate('document.activeElement.getAttribute("aria-label")')).toMatch(
        /^Copy: eipkeeper switchover --group web --to main$/,
      );
      const outline = await page.evaluate('getComputedStyle(document.activeElement).outlineStyle');
      expect(outline).toBe('solid');
      await page.close();
    });

    it.each([320, 390])('fits a telephone that is %i pixels wide', async (width) => {
      const page = await open(main);
      await page.setViewportSize({ width, height: 720 });
      await page.getByText('What one could do').click();
      const [needed, given] = (await page.evaluate(WIDTHS)) as [number, number];
      expect(needed).toBeLessThanOrEqual(given);
      await page.close();
    });

    it.each(['light', 'dark'] as const)('can be read in the %s', async (colorScheme) => {
      const page = await open(main);
      await page.emulateMedia({ colorScheme });
      const contrasts = (await page.evaluate(readFileSync(CONTRASTS, 'utf8'))) as [string, number][];
      expect(contrasts.length).toBeGreaterThan(10);
      expect(contrasts.filter(([, contrast]) => contrast < 4.5)).toEqual([]);
      const ground = await page.evaluate('getComputedStyle(document.body).backgroundColor');
      expect(ground).toBe(colorScheme === 'light' ? 'rgb(246, 247, 246)' : 'rgb(19, 24, 23)');
      await page.close();
    });

    it('says when the daemon does not answer, and goes on when it is back', async () => {
      const page = await open(main);
      await main.ended('SIGKILL');
      await page.getByText(/no answer since .*, trying again/).waitFor();
      main.start();
      await page.getByText('live from main').waitFor();
      await page.close();
      browser.complaints.splice(0);
    });

    it('shows a takeover as bars of its phases', async () => {
      await main.says('leader aux');
      const page = await open(main);
      await page.locator('.members').getByText('could lead', { exact: true }).waitFor();
      await aux.ended('SIGKILL');
      await page.getByText('the leader before fell silent').waitFor();
      await page.locator('.timeline .bar').first().waitFor();
      const before = await page.locator('.members').innerText();
      expect(before).toContain('it is not heard');
      aux.start();
      await page.getByText('main leads web; every group could be taken over.').waitFor();
      if (TAKES_PICTURES) await takePictures(page);
      await page.close();
    });

    it('asked nobody but the daemons, and its policy had nothing to refuse', () => {
      const hosts = new Set(browser.requests.map((url) => new URL(url).hostname));
      expect([...hosts].sort()).toEqual([main.address, aux.address]);
      expect(browser.complaints).toEqual([]);
    });
  },
  UNHURRIED.testTimeout,
);

const CONTRASTS = new URL('contrasts.js', import.meta.url);

async function takePictures(page: Page): Promise<void> {
  mkdirSync(IMAGES, { recursive: true });
  // The line of the round trips begins to be one.
  await page.waitForTimeout(30_000);
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize({ width: 1000, height: 700 });
  await page.screenshot({ path: join(IMAGES, 'status-page.png'), fullPage: true });
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.setViewportSize({ width: 390, height: 844 });
  await page.screenshot({ path: join(IMAGES, 'status-page-phone.png') });
}
