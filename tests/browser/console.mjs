// node console.mjs ADDRESS TOKEN [SCREENSHOTS]: a person makes images in the console, with a reference, reads errors, hits a quota (6 images a day) and sees the usage.
import { statSync } from 'node:fs';
import { check, open } from './browser.mjs';
import { drop, inspect, png } from './console-page.mjs';

const [address, token, screenshots] = process.argv.slice(2);
const { browser, page, found } = await open(address, { viewport: { width: 1440, height: 900 }, permissions: ['clipboard-read', 'clipboard-write'] }, [
  { path: '/v2/generations', status: 400 },
  { path: '/v2/generations', status: 429 },
  { path: '/v2/generations/quote', status: 400 },
  { path: '/v2/generations/quote', status: 401 },
  { path: '/v1/uploads', status: 415 },
  { path: '/v1/session', status: 401 },
]);
// For a busy machine.
page.setDefaultTimeout(90_000);
const posts = [];
page.on('request', request => {
  if (request.method() === 'POST' && new URL(request.url()).pathname === '/v2/generations') posts.push(request);
});
const images = n => page.getByRole('radio', { name: String(n), exact: true });
const generate = page.getByRole('button', { name: 'Generate', exact: true });
const see = text => page.getByText(text).first().waitFor();
const visit = name => page.getByRole('link', { name, exact: true }).click();

try {
  // Nothing moves while the page loads: neither the form when the models arrive, nor the button when the price arrives.
  await page.addInitScript(() => {
    globalThis.moved = 0;
    new PerformanceObserver(list => list.getEntries().forEach(entry => (globalThis.moved += entry.hadRecentInput ? 0 : entry.value))).observe({ type: 'layout-shift', buffered: true });
  });
  const late = async route => {
    await new Promise(resolve => setTimeout(resolve, 500));
    await route.continue();
  };
  await page.route('**/v2/**', late);
  for (const viewport of [{ width: 360, height: 780 }, { width: 1440, height: 900 }]) {
    await page.setViewportSize(viewport);
    await page.goto('about:blank');
    await page.goto(address);
    const before = await generate.boundingBox();
    await page.locator('#quote .price').waitFor();
    const after = await generate.boundingBox();
    check(JSON.stringify(before) === JSON.stringify(after), `the button moved from ${JSON.stringify(before)} to ${JSON.stringify(after)}`);
    const moved = await page.evaluate(() => globalThis.moved);
    check(moved < 0.01, `the page moved by ${moved} at ${viewport.width} px`);
  }
  await page.unroute('**/v2/**', late);

  // The team, the price and what is left are shown before anything is sent.
  await page.getByRole('button', { name: 'Marketing' }).waitFor();
  await see('$0.0837');
  await see('6 images today');
  await see('This takes 17 %.');
  await inspect(page, 'start', screenshots);
  await page.setViewportSize({ width: 1440, height: 900 });

  // A file that is not a picture is refused with the gateway's message; a picture becomes a reference and changes the price.
  await drop(page, ['notes.png', 'image/png', Buffer.from('not a picture at all, whatever its name says')]);
  await page.locator('#upload-problem').getByText('notes.png was not added').waitFor();
  await drop(page, ['palette.png', 'image/png', png]);
  await page.getByLabel('Strength').selectOption('HIGH');
  await images(2).check();
  await see('$0.2512');

  // Two clicks are one generation.
  await page.getByLabel('Prompt', { exact: true }).fill('A lighthouse on a cliff in heavy weather, seen from the sea');
  await generate.dblclick();
  await see('Leonardo is working');
  const result = page.locator('.result');
  await result.locator('img').nth(1).waitFor();
  await page.waitForFunction(() => [...document.querySelectorAll('.result img')].every(image => image.complete && image.naturalWidth > 0));
  check(posts.length === 1, `two clicks sent ${posts.length} requests`);
  const sent = posts[0].postDataJSON();
  check(sent.parameters.guidances.image_reference[0].strength === 'HIGH', 'the reference was not sent');
  check((await posts[0].headerValue('Idempotency-Key'))?.length > 20, 'no Idempotency-Key');
  await see('4 images today');

  // The actions of a picture.
  const downloading = page.waitForEvent('download');
  await result.locator('figure').first().hover();
  await result.getByRole('button', { name: 'Download image 1' }).click();
  const download = await downloading;
  check(statSync(await download.path()).size > 1000, 'the download is empty');
  check(/\.(jpg|png|webp)$/.test(download.suggestedFilename()), `a file called ${download.suggestedFilename()}`);
  await result.getByText('Copy as…').click();
  await result.getByRole('button', { name: 'curl', exact: true }).click();
  await see('Copied');
  const curl = await page.evaluate(() => navigator.clipboard.readText());
  check(curl.startsWith(`curl ${address}/v2/generations`) && /"seed": \d+/.test(curl), `the copied command is ${curl}`);
  await result.getByRole('button', { name: 'Use image 1 as a reference' }).click();
  await page.getByRole('button', { name: 'Remove reference 2' }).waitFor();
  await inspect(page, 'result', screenshots);
  await page.setViewportSize({ width: 1440, height: 900 });
  await result.getByRole('button', { name: 'Same seed' }).click();
  check(curl.includes(`"seed": ${await page.getByLabel('Seed').inputValue()}`), 'the form has another seed than the result');

  // Errors are shown at their fields, with a link to the problem's page.
  await page.getByLabel('Width').fill('100');
  await page.getByLabel('Seed').fill('4294967296');
  await generate.click();
  await page.locator('#form-problem').getByRole('link', { name: 'What this means' }).waitFor();
  for (const name of ['Width', 'Seed']) {
    const field = page.getByLabel(name);
    check((await field.getAttribute('aria-invalid')) === 'true', `${name} is not marked`);
    const ids = (await field.getAttribute('aria-describedby')).split(' ');
    const said = await page.locator(`#${ids.at(-1)}`).innerText();
    check(said.includes('must be'), `${name} says ${said}`);
  }
  check(await page.getByLabel('Width').evaluate(field => field === document.activeElement), 'the first wrong field does not have the focus');
  check((await page.locator('#form-problem a').getAttribute('href')) === 'problems/validation', 'the link leads elsewhere');
  await inspect(page, 'errors', screenshots);
  await page.setViewportSize({ width: 1440, height: 900 });

  // Over the quota: announced before sending, refused after, and nothing is spent.
  await page.getByLabel('Width').fill('1440');
  await page.getByLabel('Seed').fill('');
  await images(8).check();
  await see('More than is left: Images per day.');
  await generate.click();
  await page.locator('#form-problem').getByText('That is more than your team may ever ask for at once').waitFor();
  await page.locator('#form-problem').getByText('Images per day: 4 of 6 left, 8 asked for').waitFor();
  await inspect(page, 'quota', screenshots);
  await page.setViewportSize({ width: 1440, height: 900 });

  await visit('Usage');
  await see('You are Marketing, identified by the network it calls from.');
  await see('2 used of 6');
  await inspect(page, 'usage', screenshots);
  await page.setViewportSize({ width: 1440, height: 900 });
  // The skip link leads into the part that is shown.
  await page.getByRole('link', { name: 'Skip to the page' }).focus();
  await page.keyboard.press('Enter');
  check(await page.evaluate(() => document.activeElement.id === 'page' && location.hash === '#usage'), 'the skip link leaves the page');

  // The gallery, by keyboard alone.
  await visit('History');
  const card = page.locator('.result').first();
  await card.locator('img').first().waitFor();
  // It shows the first picture of each; the others are not loaded.
  await page.waitForFunction(() => [...document.querySelectorAll('.result img')].every(image => !image.checkVisibility() || image.naturalWidth > 0));
  await inspect(page, 'history', screenshots);
  await page.setViewportSize({ width: 1440, height: 900 });
  const link = card.locator('a.asked');
  await link.focus();
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').locator('img').nth(1).waitFor();
  await inspect(page, 'generation', screenshots);
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  check(await link.evaluate(element => element === document.activeElement), 'the focus is lost behind the dialog');

  // A wrong token is refused and changes nothing.
  await page.getByRole('button', { name: 'Marketing' }).click();
  await page.getByLabel('Gateway token').fill('no-such-token');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('dialog').getByText('The gateway does not recognise you').waitFor();
  await inspect(page, 'identity', screenshots);
  check(await page.getByRole('button', { name: 'Sign out' }).isHidden(), 'nobody is signed in, but can sign out');
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Marketing' }).waitFor();

  // A valid token switches to another team: its own history and pictures.
  await page.getByRole('button', { name: 'Marketing' }).click();
  await page.getByLabel('Gateway token').fill(token);
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').waitFor({ state: 'hidden' });
  await page.getByRole('button', { name: 'Web shop' }).click();
  await page.getByRole('dialog').getByText('by its sign-in').waitFor();
  await page.keyboard.press('Escape');
  await page.getByText('Your team’s images appear here').waitFor();
  await visit('Generate');
  check((await page.getByRole('button', { name: /^Remove reference/ }).count()) === 0, 'the other team’s references are still in the form');
  await images(1).check();
  await page.getByLabel('Prompt', { exact: true }).fill('A shop window');
  await generate.click();
  const shop = page.getByRole('article', { name: 'Result: A shop window' }).locator('img');
  await shop.waitFor();
  await page.waitForFunction(image => image.naturalWidth > 0, await shop.elementHandle());
  check((await shop.getAttribute('src')).startsWith('v1/'), 'the picture is not loaded by its address');

  await page.getByRole('button', { name: 'Dark', exact: true }).click();
  const kept = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie, location.href, document.documentElement.outerHTML]));
  const names = Object.keys(JSON.parse(kept)[0]);
  check(!kept.includes(token), 'the page keeps the token');
  check(names.every(name => /^(theme|(draft|uploads|pictures|durations)@(marketing|web-shop))$/.test(name)), `the page keeps ${names}`);
  const faults = await found();
  check(faults === '', faults);
  console.log('ok');
} finally {
  await browser.close();
}
