// node operator-alerts.mjs ADDRESS ADMIN-TOKEN ALERT…: the overview of an operator who is in no team, which nobody touches. Writes "ready", and the name of each alert when it is
// shown; ends when all of these were. The caller of this script provokes them.
import { check, open } from './browser.mjs';

const [address, token, ...wanted] = process.argv.slice(2);
const { browser, page, found } = await open(address, {}, [
  { path: /^\/v[12]\//, status: 401 },
  // The store fails meanwhile, and what belongs to the session cannot be read.
  { path: /^\/(admin|v[12])\//, status: 503 },
  { path: /^\/admin\//, status: 500 },
]);
page.setDefaultTimeout(120_000);

try {
  await page.goto(`${address}/#/operator/overview`);
  await page.getByLabel('Admin token').fill(token);
  await page.keyboard.press('Enter');
  await page.getByText('No alert is firing').waitFor();
  console.log('ready');
  const shown = new Set();
  while (wanted.some(name => !shown.has(name))) {
    const cards = await page.waitForFunction(
      known => {
        const news = [...document.querySelectorAll('#operator-content [data-alert]')].filter(card => !known.includes(card.dataset.alert));
        return news.length > 0 && news.map(card => [card.dataset.alert, card.querySelector('p').textContent]);
      },
      [...shown],
    );
    for (const [name, remedy] of await cards.jsonValue()) {
      shown.add(name);
      check(remedy.length > 20, `${name} has no remedy`);
      console.log(name);
    }
  }
  const faults = await found();
  check(faults === '', faults);
} catch (failure) {
  console.log(page.url(), await page.locator('#operator-parts').innerText().catch(() => 'no content'));
  throw failure;
} finally {
  await browser.close();
}
