// node operator-pages.mjs ADDRESS PUBLIC-ADDRESS SIMULATOR ADMIN-TOKEN TENANT-TOKEN TENANTS-FILE [SCREENSHOTS]: 60 tenants with 90 days of spending, on the
// address of the management port. Any one is found and granted within ten seconds; what goes wrong is on the overview within ten seconds; every page is accessible, light and dark, and no wider than its window.
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { check, open } from './browser.mjs';
import { operatorDefects, runAll } from './operator-defects.mjs';

const [address, publicAddress, simulator, token, tenantToken, tenantsFile, screenshots] = process.argv.slice(2);
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core'), 'utf8');
const laptop = { width: 1366, height: 768 };
const { browser, page, found } = await open(address, { viewport: laptop, timezoneId: 'America/Los_Angeles' }, [
  // This port has nothing for teams.
  { path: /^\/v[12]\//, status: 404 },
  // Before the sign-in.
  { path: '/admin/alerts', status: 401 },
  { path: /^\/admin\/(alerts|audit|generations|usage)$/, status: 503 },
  { path: '/admin/audit', status: 429 },
]);
await page.clock.install();
page.setDefaultTimeout(30_000);
const content = page.locator('#operator-content');
const post = (url, body, headers = {}) => fetch(url, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) });
const fault = (target, ...faults) => post(`${simulator}/_sim/faults`, { target, faults });
const generate = (prompt = 'A teapot') => post(`${publicAddress}/v2/generations`, { model: 'flux-pro-2.0', parameters: { prompt, quantity: 1 } }, { authorization: `Bearer ${tenantToken}` });

async function show(path, ready) {
  await page.evaluate(hash => (location.hash = hash), `#/operator/${path}`);
  await page.locator('#as-of', { hasText: /^as of \d\d:\d\d:\d\d UTC$/ }).waitFor();
  await content.locator(ready).first().waitFor();
}

async function inspect(name) {
  for (const [colorScheme, width] of [['light', 360], ['dark', 1366]]) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await page.setViewportSize({ ...laptop, width });
    const sideways = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    check(sideways <= 0, `${name}, ${width} px: ${sideways} px wider than the window`);
    if (screenshots) await page.screenshot({ path: `${screenshots}/operator-${name}-${colorScheme}-${width}.png` });
    await page.evaluate(axe);
    const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
    check(violations.length === 0, `${name}, ${colorScheme}: ${JSON.stringify(violations.map(({ id, nodes }) => [id, nodes.map(node => node.html)]))}`);
  }
  await page.setViewportSize(laptop);
}

/** All at once, and nobody touches the page meanwhile. */
async function appear(provoked) {
  const began = Date.now();
  await Promise.all(Object.values(provoked).map(provoke => provoke()));
  for (const alert of Object.keys(provoked)) {
    const card = content.locator(`[data-alert=${alert}]`);
    await card.waitFor();
    check(Date.now() - began < 10_000, `${alert} was shown after ${Date.now() - began} ms`);
    check((await card.locator('p').first().innerText()).length > 20, `${alert} has no remedy`);
  }
}

try {
  await page.goto(`${address}/#/operator/overview`);
  await page.getByLabel('Admin token').fill(token);
  await page.keyboard.press('Enter');
  await content.getByText('No alert is firing').waitFor();
  check((await page.locator('header nav a:visible').allInnerTexts()).join() === 'Operator', 'the pages of teams are offered');
  await content.getByText('All 20 alerts').click();

  // A tenant is found and granted.
  const began = Date.now();
  await page.getByRole('link', { name: 'Tenants', exact: true }).click();
  await content.locator('tbody tr').nth(59).waitFor();
  await page.getByLabel('Search tenants').fill('print 37');
  await content.getByText('1 of 60 tenants').waitFor();
  await content.getByRole('button', { name: 'Grant' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Quota').selectOption('imagesPerDay');
  await dialog.getByLabel('Amount').fill('1000');
  await dialog.getByLabel('Reason').fill('Trade fair');
  await page.keyboard.press('Enter');
  await content.getByText(/^\d+ of 1,087$/).waitFor();
  check(Date.now() - began < 10_000, `finding and granting took ${Date.now() - began} ms`);
  await page.getByLabel('Search tenants').fill('');
  await content.getByRole('button', { name: 'Tenant', exact: true }).click();
  check(await page.evaluate(() => document.activeElement.textContent.startsWith('Tenant')), 'sorting loses the focus');
  check((await content.locator('tbody a').first().innerText()) === 'Brand studio 7', 'the tenants are not sorted by name');
  // Few of them: every row is checked, and all are made alike.
  await page.getByLabel('Search tenants').fill('print');
  await inspect('tenants');

  await show('tenants/team-0', '.plot');
  check((await content.locator('tbody tr').count()) === 25, 'the recent requests are not listed');
  const resets = await content.locator('.quota [title]').first().getAttribute('title');
  check(resets.endsWith(', 00:00 UTC'), `a quota resets at ${resets}`);
  await content.getByRole('button', { name: 'Show older requests' }).click();
  await content.locator('tbody tr').nth(49).waitFor();
  await inspect('tenant');
  await show('spend', '.stacked');
  check((await content.locator('.budget').count()) === 1, 'the budget of a day is not in the plot');
  await page.getByRole('button', { name: '90 days' }).click();
  await page.waitForFunction(() => document.querySelectorAll('.stacked g').length === 90);
  await inspect('spend');

  // Found by the id that a caller reports.
  const made = await generate();
  check(made.status === 200, `a generation: ${made.status} ${await made.text()}`);
  const id = made.headers.get('x-request-id');
  await show('work', '.lead');
  await page.getByLabel('Request id or trace').fill(id);
  await page.keyboard.press('Enter');
  await content.locator('tbody tr', { hasText: 'team-0' }).waitFor();
  await inspect('work');
  await show('audit', 'tbody tr');
  await inspect('audit');

  await show('set-up', '#token-title');
  await page.getByLabel('A tenants file').fill(readFileSync(tenantsFile, 'utf8').replace('"imagesPerDay": 87', '"imagesPerDay": 500'));
  await page.getByRole('button', { name: 'Check', exact: true }).click();
  await content.getByText('team-37: imagesPerDay 87 → 500').waitFor();
  await page.getByLabel('IP address').fill('10.1.2.3');
  await page.getByLabel('Headers').fill(`Authorization: Bearer ${tenantToken}`);
  await page.getByRole('button', { name: 'Ask' }).click();
  await content.getByText('Marketing 0, identified by token').waitFor();
  await page.getByRole('button', { name: 'Make a token' }).click();
  const [token43, digest] = await content.locator('[aria-labelledby=token-title] pre').allInnerTexts();
  check(digest.includes(`sha256:${createHash('sha256').update(token43).digest('hex')}`), `the digest of ${token43} is not in ${digest}`);
  await inspect('set-up');

  await runAll(operatorDefects({ page, content, show }));

  // What goes wrong is on the overview by itself.
  await show('overview', '.calm');
  const file = readFileSync(tenantsFile, 'utf8');
  const faulty = async (...faults) => {
    await fault('post', ...faults);
    for (const _ of faults) await generate();
  };
  await appear({ GatewayOrganizationNearQuota: () => writeFileSync(tenantsFile, file.replace('"usdPerMonth": 400', '"usdPerMonth": 3')) });
  const nearQuota = content.locator('[data-alert=GatewayOrganizationNearQuota]');
  await nearQuota.evaluate(card => (card.isAnnounced = true));
  await appear({
    GatewayTenantsFileBad: () => writeFileSync(tenantsFile, file.replace('"imagesPerDay"', '"imagesPerDya"')),
    GatewayGuessedAdminTokens: () => Promise.all(Array.from({ length: 12 }, () => fetch(`${address}/admin/tenants`, { headers: { authorization: 'Bearer guessed-and-wrong' } }))),
  });
  await content.getByText('#/tenants/0/quota/imagesPerDya').waitFor();
  check(await nearQuota.evaluate(card => card.isAnnounced), 'an alert is announced again when others appear');
  writeFileSync(tenantsFile, file);
  await content.locator('[data-alert=GatewayTenantsFileBad]').waitFor({ state: 'detached' });
  await appear({
    GatewayPriceDeviates: () => faulty('cost-factor:2', 'missing-cost', 'out-of-credit-400', 'error-500', 'error-500', 'bad-key-401'),
    GatewayPriceImplausible: () => {},
    GatewayOutOfCredit: () => {},
    GatewayUpstreamFailing: () => {},
    GatewayKeyRefused: () => {},
  });
  await appear({ GatewayStuckGenerations: () => generate('A river [sim:job-forever]') });
  await inspect('overview');
  // A store that does not answer refuses everything, the list of alerts too.
  await page.route('**/admin/alerts', route => route.fulfill({ status: 503, contentType: 'application/problem+json', json: { type: 'problems/store-unavailable', status: 503 } }));
  const refresh = page.getByRole('button', { name: 'Refresh' });
  await refresh.click();
  await content.locator('[data-alert=GatewayStoreDown]').waitFor();
  await page.unroute('**/admin/alerts');
  await refresh.click();
  await content.locator('[data-alert=GatewayStoreDown]').waitFor({ state: 'detached' });

  // Whatever fires is shown; what a browser cannot provoke, AlertTests does.
  let names = [];
  await page.route('**/admin/alerts', async route => {
    const answer = await (await route.fetch()).json();
    names = answer.alerts.map(alert => alert.name);
    for (const alert of answer.alerts) Object.assign(alert, { state: 'firing', summary: `Summary of ${alert.name}` });
    await route.fulfill({ json: answer });
  });
  await refresh.click();
  await content.locator('[data-alert=GatewaySaturated]').waitFor();
  check(names.length === 20, `${names.length} alerts`);
  for (const name of names) check((await content.locator(`[data-alert=${name}]`).count()) === 1, `${name} is not shown`);
  await page.unroute('**/admin/alerts');

  const faults = await found();
  check(faults === '', faults);
  console.log('ok');
} catch (failure) {
  console.log(page.url(), await content.innerText().catch(() => 'no content'), await found());
  throw failure;
} finally {
  await browser.close();
}
