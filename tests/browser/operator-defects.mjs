// What once went wrong on the operator pages, one after another. Part of operator-pages.mjs, whose page is open as an operator in another time zone.
import { readFileSync } from 'node:fs';
import { check } from './browser.mjs';

const refusal = { status: 503, contentType: 'application/problem+json', json: { type: '/problems/store-unavailable', status: 503, title: 'The store is unavailable' } };
const number = text => Number(String(text).slice(-12));
const reservation = n => ({
  reservationId: `00000000-0000-7000-8000-${String(n).padStart(12, '0')}`,
  tenant: 'team-0',
  state: 'settled',
  images: 1,
  usd: '0.08',
  chargedUsd: '0.08',
  model: 'flux-pro-2.0',
  width: 1024,
  height: 1024,
  seed: n,
  reservedAt: new Date(Date.UTC(2026, 0, 1) + n * 60_000).toISOString(),
  requestId: `request-${n}`,
});
const auditLine = n => ({ n, at: new Date(Date.UTC(2026, 0, 1) + n * 60_000).toISOString(), who: 'anna (0a1b2c3d)', action: 'grant', target: 'team-0', reason: `request-${n}`, detail: {}, hash: `h${n}`, previousHash: `h${n - 1}` });

/** The list as the gateway would serve it: newest first, in pages. */
const lists = {
  audit: { path: '**/admin/audit?*', member: 'lines', make: auditLine, keyOf: line => line.n, size: 200 },
  tenant: { path: '**/admin/generations?*', member: 'generations', make: reservation, keyOf: entry => entry.reservationId, size: 25 },
  work: { path: '**/admin/generations?*', member: 'generations', make: reservation, keyOf: entry => entry.reservationId, size: 50 },
};

export function operatorDefects({ page, content, show }) {
  const refresh = page.getByRole('button', { name: 'Refresh' });
  const shown = async () => (await content.locator('tbody').innerText()).match(/request-\d+/g).map(text => Number(text.slice(8)));
  const row = n => content.locator('tbody tr', { hasText: new RegExp(`request-${n}\\b`) });
  const tick = seconds => page.clock.fastForward(seconds * 1000);

  /** The page reads itself again, without the wait. */
  async function readsItself(path) {
    let isAsked = null;
    page.waitForRequest(`**/admin/${path}`, { timeout: 5000 }).then(() => (isAsked = true), () => (isAsked = false));
    while (isAsked === null) await tick(6);
    check(isAsked, 'the page does not read itself any more');
  }
  const isFocused = locator => locator.evaluate(element => element === document.activeElement);

  async function emulate(name, handler, action) {
    await page.route(name, handler);
    try {
      await action();
    } finally {
      await page.unroute(name, handler);
    }
  }

  function pagesOf({ member, keyOf, size }, rows, failing = () => false) {
    return route => {
      const query = new URL(route.request().url()).searchParams;
      const [before, limit] = [query.get('before'), Number(query.get('limit'))];
      if ((before || limit > size) && failing()) return route.fulfill(refusal);
      const found = rows.filter(each => !before || number(keyOf(each)) < number(before)).slice(0, limit);
      return route.fulfill({ json: { [member]: found, next: found.length === limit ? keyOf(found.at(-1)) : null, unbroken: true } });
    };
  }

  async function showsOlder(path, list) {
    const { make, size } = list;
    const rows = Array.from({ length: 3 * size }, (_, n) => make(3 * size - n));
    let isFailing = true;
    const older = content.getByRole('button', { name: /^Show older/ });
    await emulate(list.path, pagesOf(list, rows, () => isFailing), async () => {
      await show(path, 'tbody tr');
      await row(3 * size).waitFor();
      await older.click();
      await content.locator('.fault').waitFor();
      isFailing = false;
      await older.click();
      await row(size + 1).waitFor();
      // One is new, more than a page of new ones follow, and an older one changes.
      for (const added of [1, size + 10]) {
        for (let n = 0; n < added; n++) rows.unshift(make(rows.length + 1));
        if (list.member === 'generations') rows.find(each => each.seed === size + 5).state = 'released';
        await tick(20);
        await row(rows.length).waitFor();
        const numbers = await shown();
        const wanted = Array.from({ length: rows.length - size }, (_, n) => rows.length - n);
        check(numbers.join() === wanted.join(), `${path}: ${numbers.length} rows, from ${numbers[0]} to ${numbers.at(-1)}, not from ${wanted[0]} to ${wanted.at(-1)}`);
      }
      if (list.member === 'generations') await row(size + 5).getByText('Released').waitFor();
    });
  }

  return {
    async 'A read of the overview that fails, or does not end, hides no alert'() {
      await show('overview', '.calm');
      const alerts = async route => {
        const answer = await (await route.fetch()).json();
        Object.assign(answer.alerts.find(({ name }) => name === 'GatewayLedgerAlarm'), { state: 'firing', summary: 'The ledger contains a contradiction' });
        await route.fulfill({ json: answer });
      };
      let release = () => {};
      const hang = async route => {
        await new Promise(resolve => (release = resolve));
        await route.continue().catch(() => {});
      };
      await emulate('**/admin/alerts', alerts, () =>
        emulate('**/admin/usage?*', route => route.fulfill(refusal), () =>
          emulate('**/admin/upstream', hang, async () => {
            await readsItself('alerts');
            await content.locator('[data-alert=GatewayLedgerAlarm]').waitFor();
            await content.locator('[aria-labelledby=money-title]').getByText('The gateway is not ready').first().waitFor();
            release();
          }),
        ),
      );
      await readsItself('alerts');
      await content.locator('.calm').waitFor();
    },

    async 'An older answer that comes later does not replace a newer one'() {
      let release;
      let reads = 0;
      const answer = route => (++reads === 1 ? new Promise(resolve => (release = () => resolve(route.fulfill({ json: { generations: [reservation(1)], next: null } })))) : route.fulfill({ json: { generations: [reservation(2)], next: null } }));
      await show('work', '.lead');
      await emulate('**/admin/generations?*', answer, async () => {
        const first = page.waitForRequest('**/admin/generations?*');
        await refresh.click();
        await first;
        await refresh.click();
        await row(2).waitFor();
        const late = page.waitForEvent('requestfinished', request => request.url().includes('/admin/generations'));
        await release();
        await late;
        await page.evaluate(() => new Promise(requestAnimationFrame));
        check((await row(1).count()) === 0, 'the older answer is shown');
      });
    },

    async 'The link of the header, and a generation that was open, leave the page reading itself'() {
      await show('overview', '.alerts');
      for (const away of ['#operator', '#/g/00000000-0000-4000-8000-000000000000']) {
        await page.evaluate(hash => (location.hash = hash), away);
        await tick(6);
        if (away !== '#operator') await page.evaluate(() => (location.hash = '#/operator/overview'));
        // The first may have begun before.
        for (let n = 0; n < 3; n++) await readsItself('alerts');
        check(page.url().endsWith('#/operator/overview'), `the address is ${page.url()}`);
      }
    },

    'Older requests of a tenant stay, once each, and change': () => showsOlder('tenants/team-0', lists.tenant),
    'Older work stays, once each, and changes': () => showsOlder('work', lists.work),
    'Older entries of the audit stay, once each': () => showsOlder('audit', lists.audit),

    async 'What failed is said'() {
      await show('audit', 'tbody tr');
      await emulate('**/admin/audit?*', route => route.fulfill(refusal), async () => {
        await page.evaluate(() => (document.querySelector('#said').textContent = ''));
        await refresh.click();
        await page.locator('#operator-fault .problem').waitFor();
        await tick(1);
        check(!(await page.locator('#said').innerText()).includes('Refreshed'), 'it says that it was refreshed');
      });
      await refresh.click();
      await page.locator('#said', { hasText: 'Refreshed' }).waitFor();
      await show('set-up', '#token-title');
      await page.evaluate(() => (navigator.clipboard.writeText = () => Promise.reject(new Error('Not allowed'))));
      await page.getByRole('button', { name: 'Make a token' }).click();
      await content.getByRole('button', { name: 'Copy', exact: true }).first().click();
      await content.getByRole('button', { name: 'Copying failed' }).waitFor();
    },

    async 'The focus, and how far a table was scrolled, stay'() {
      await show('overview', '.totals');
      const link = content.getByRole('link', { name: 'Spend', exact: true });
      await link.focus();
      const before = await page.locator('#as-of').innerText();
      await tick(6);
      await page.waitForFunction(before => document.querySelector('#as-of').textContent !== before, before);
      check(await isFocused(link), 'the link has lost the focus');
      await page.setViewportSize({ width: 360, height: 768 });
      await emulate('**/admin/generations?*', pagesOf(lists.tenant, [reservation(2), reservation(1)]), async () => {
        await show('tenants/team-0', 'tbody tr');
        const region = content.getByRole('region', { name: 'Table of recent requests' });
        await row(2).waitFor();
        await region.focus();
        await region.evaluate(element => ((element.scrollLeft = 40), (element.dataset.old = 'true')));
        await tick(20);
        await content.locator('.scroll:not([data-old])').waitFor();
        check(await isFocused(region), 'the table has lost the focus');
        check((await region.evaluate(element => element.scrollLeft)) === 40, 'the table was scrolled back');
      });
      await page.setViewportSize({ width: 1366, height: 768 });
    },

    async 'An export waits as long as the gateway says, and says that it was cut'() {
      await show('audit', 'tbody tr');
      let reads = 0;
      const endless = route => {
        if (++reads === 3) return route.fulfill({ ...refusal, status: 429, headers: { 'Retry-After': '1' }, json: { type: '/problems/quota-exceeded', status: 429 } });
        const query = new URL(route.request().url()).searchParams;
        const n = Number(query.get('before') ?? 1_000_001) - 1;
        return route.fulfill({ json: { lines: [auditLine(n)], next: n, unbroken: true } });
      };
      await emulate('**/admin/audit?limit=500*', endless, async () => {
        const downloading = page.waitForEvent('download');
        await page.getByRole('button', { name: 'Export CSV' }).click();
        // The file has what was shown when it was asked for.
        await page.getByLabel('Search the audit').fill('no such entry');
        const lines = readFileSync(await (await downloading).path(), 'utf8').trimEnd().split('\r\n').slice(1);
        check(lines.length === 200 && new Set(lines).size === 200 && reads === 201, `${lines.length} entries in ${reads} reads`);
        await page.getByText('Only the newest 200 entries were read').waitFor();
        await page.getByLabel('Search the audit').fill('');
      });
    },

    async 'Times of the audit are those of its filter, and a missing entry is seen'() {
      await emulate(lists.audit.path, pagesOf(lists.audit, [auditLine(30)]), async () => {
        await show('audit', 'tbody tr');
        await refresh.click();
        await row(30).getByText('1 Jan 2026, 00:30').waitFor();
        await content.getByText('Time, UTC').waitFor();
      });
      // Where two pages meet, the gateway does not see that an entry is missing.
      await emulate(lists.audit.path, pagesOf(lists.audit, [auditLine(30), auditLine(28)]), async () => {
        await refresh.click();
        await content.getByText('do not match their hashes').waitFor();
      });
    },

    async 'Figures keep the label of their days when others cannot be read'() {
      await show('spend', '.stacked');
      const label = content.locator('.totals h2').first();
      await page.getByRole('button', { name: '90 days' }).click();
      await content.getByRole('heading', { name: '90 days' }).waitFor();
      await emulate('**/admin/usage?*', route => route.fulfill(refusal), async () => {
        await page.getByRole('button', { name: '7 days' }).click();
        await page.locator('#operator-fault .problem').waitFor();
        await content.getByRole('button', { name: 'Images', exact: true }).click();
        check((await label.textContent()) === '90 days', `figures of 90 days are called ${await label.textContent()}`);
      });
    },

    async 'An address with a percent sign is searched for'() {
      await show('work/find/100%', 'p');
      await content.getByText('No request has the id or trace 100%').waitFor();
    },

    async 'Nothing divided by nothing is no figure'() {
      const free = [{ tenant: 'team-0', day: new Date().toISOString().slice(0, 10), generations: 1, images: 1, usd: '0' }];
      const noBudget = async route => {
        const answer = await (await route.fetch()).json();
        for (const { quotas } of answer.tenants) quotas.find(({ name }) => name === 'org-usd-month').limit = '0';
        await route.fulfill({ json: answer });
      };
      await emulate('**/admin/usage?*', route => route.fulfill({ json: { rows: free, totals: { generations: 1, images: 1, usd: '0' } } }), () =>
        emulate('**/admin/tenants', noBudget, async () => {
          for (const path of ['spend', 'overview']) {
            await show(path, '.totals');
            await refresh.click();
            await content.getByText('$0.00').first().waitFor();
            const made = await content.innerHTML();
            check(!/NaN|Infinity|undefined/.test(made), made);
          }
        }),
      );
    },
  };
}

/** All of them, also after one has failed. */
export async function runAll(parts) {
  const failures = [];
  for (const [name, part] of Object.entries(parts)) await part().catch(fault => failures.push(`${name}: ${fault.message}`));
  check(failures.length === 0, failures.join('\n'));
}
