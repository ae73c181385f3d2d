// node console-playground.mjs ADDRESS [SCREENSHOTS]: the workspace as a person uses it all day: several tabs, references, selections, the queue, their own images.
import { execFileSync } from 'node:child_process';
import { check, holdNext, open, until } from './browser.mjs';
import { drop, everyControlIsReachable, inspect, png, tabTo } from './console-page.mjs';

const [address, screenshots] = process.argv.slice(2);
const laptop = { width: 1366, height: 768 };
// Thumbnails of a generation that is deleted while they are read.
const { browser, page, found } = await open(address, { viewport: laptop, permissions: ['clipboard-read', 'clipboard-write'] }, [
  { path: /\/images\//, status: 404 },
  { path: /\/init-image\//, status: 502 },
  // One that cannot be followed.
  { path: /^\/v1\/generations\/[0-9a-f-]{36}$/, status: 404 },
]);
page.setDefaultTimeout(Number(process.env.PATIENCE ?? 90_000));

const prompt = page.getByLabel('Prompt', { exact: true });
const generate = page.getByRole('button', { name: 'Generate', exact: true });
const dialog = page.getByRole('dialog');
const result = (text, where = page) => where.getByRole('article', { name: `Result: ${text}` });
const value = (label, where = page) => where.getByLabel(label, { exact: true }).inputValue();
const names = () => page.locator('#references img').evaluateAll(images => images.map(image => image.alt.replace(/^.*: /, '')).join());

async function make(text, images = 1) {
  await prompt.fill(text);
  await page.getByRole('radio', { name: String(images), exact: true }).check();
  await prompt.press('Control+Enter');
  await result(text).locator('img').nth(images - 1).waitFor({ state: 'attached' });
}

/** The list is read again. */
const comeBack = () => page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));

const parts = {
  async 'A result and a draft of one tab are in the other, and so is a deletion'() {
    await page.goto(address);
    await page.locator('#quote .price').waitFor();
    const other = await page.context().newPage();
    await other.goto(address);
    await other.locator('#quote .price').waitFor();
    await make('A pier at dusk', 2);
    await result('A pier', other).locator('img').nth(1).waitFor({ state: 'attached' });
    await prompt.fill('A draft in the first tab');
    await other.waitForFunction(() => document.querySelector('#prompt').value === 'A draft in the first tab');
    // A list that was read before the deletion comes after it.
    const late = await holdNext(page, '**/v1/generations?*');
    await comeBack();
    await late.isHeld();
    await result('A pier', other).locator('a.asked').click();
    await other.getByRole('button', { name: 'Delete' }).click();
    await other.getByRole('button', { name: 'Delete for good' }).click();
    await result('A pier').waitFor({ state: 'detached' });
    await late.release();
    await page.evaluate(() => new Promise(requestAnimationFrame));
    check((await result('A pier').count()) === 0, 'it is shown again');
    await other.close();
  },

  async 'What is being sent is in every tab, also in one that is opened meanwhile'() {
    const held = [];
    const hold = route => held.push(route);
    const isSending = (tab, text = 'A lamp') => tab.getByRole('article', { name: `Sending: ${text}` });
    const tab = async () => {
      const made = await page.context().newPage();
      await made.goto(address);
      await made.locator('#quote .price').waitFor();
      return made;
    };
    const before = await tab();
    // One that is closed while it sends is not waited for.
    const closed = await tab();
    await closed.route('**/v2/generations', hold);
    await closed.getByLabel('Prompt', { exact: true }).fill('A torch');
    await closed.getByRole('button', { name: 'Generate', exact: true }).click();
    await isSending(before, 'A torch').waitFor();
    await closed.close();
    await isSending(before, 'A torch').waitFor({ state: 'detached' });

    await page.route('**/v2/generations', hold);
    await prompt.fill('A lamp');
    await page.getByRole('radio', { name: '1', exact: true }).check();
    await generate.click();
    const after = await tab();
    for (const each of [page, before, after]) await isSending(each).waitFor();
    await held.at(-1).continue();
    for (const each of [page, before, after]) {
      await result('A lamp', each).locator('img').waitFor({ state: 'attached' });
      await isSending(each).waitFor({ state: 'detached' });
    }
    const facts = await Promise.all([page, before, after].map(each => result('A lamp', each).innerText()));
    await page.reload();
    facts.push(await result('A lamp').innerText());
    check(new Set(facts).size === 1, `the tabs say ${JSON.stringify(facts)}`);
    await page.unroute('**/v2/generations', hold);
    for (const each of [before, after]) await each.close();
  },

  async 'A generation that could not be followed is shown when a list has its end'() {
    const lost = route => route.fulfill({ status: 404, contentType: 'application/problem+json', json: { type: '/problems/not-found', title: 'Not found', status: 404 } });
    const paths = /\/v1\/generations\/[0-9a-f-]{36}$/;
    await page.route(paths, lost);
    await prompt.fill('A heron');
    await generate.click();
    await result('A heron').getByRole('button', { name: 'Check again' }).waitFor();
    const id = await result('A heron').getAttribute('data-id');
    await until(async () => (await (await fetch(`${address}/v1/generations/${id}`)).json()).generations_by_pk.status === 'COMPLETE', 'it has ended');
    await comeBack();
    await result('A heron').locator('img').waitFor({ state: 'attached' });
    await page.unroute(paths, lost);
  },

  async 'What was interrupted and is sent again keeps the images that it has by now'() {
    let isMade = false;
    const unanswered = async route => {
      await route.fetch();
      isMade = true;
    };
    await page.route('**/v2/generations', unanswered);
    await prompt.fill('A message in a bottle');
    await generate.click();
    await until(() => isMade, 'the gateway has it');
    await page.reload();
    await page.unroute('**/v2/generations', unanswered);
    const card = result('A message');
    await card.locator('img').waitFor({ state: 'attached' });
    const answer = page.waitForResponse(response => response.url().endsWith('/v2/generations'));
    await page.getByRole('button', { name: 'Send it again' }).click();
    check((await (await answer).json()).generate.generationId === (await card.getAttribute('data-id')), 'it was made twice');
    await page.getByText('Sent. Leonardo is working.').waitFor({ state: 'attached' });
    await page.getByRole('checkbox', { name: 'Select: A message' }).check();
    const state = await page.locator('#selected').getByRole('status').innerText();
    check(state === '1 generation selected, 1 image', state);
    await page.locator('#selected').getByRole('button', { name: 'Clear' }).click();
  },

  async 'A result keeps its height when its pictures arrive'() {
    for (const images of [1, 2]) {
      let release;
      const isReleased = new Promise(resolve => (release = resolve));
      const late = route => isReleased.then(() => route.continue());
      await page.route('**/images/**', late);
      await page.getByRole('radio', { name: images === 1 ? '9:16' : '16:9' }).check();
      await make(`A bay in winter, ${images}`, images);
      const card = result(`A bay in winter, ${images}`);
      const { height } = await card.boundingBox();
      release();
      await page.waitForFunction(images => [...document.querySelectorAll('.result img')].filter(image => image.naturalWidth > 0).length >= images, images);
      await page.waitForFunction(() => [...document.querySelectorAll('.result img')].every(image => image.naturalWidth > 0));
      const loaded = (await card.boundingBox()).height;
      check(Math.abs(loaded - height) < 1 && height > 200, `${images}: it is ${height} px high, and then ${loaded}`);
      await page.unroute('**/images/**', late);
    }
    await page.getByRole('radio', { name: '1:1' }).check();
  },

  async 'A locked ratio is kept, and each size has its price'() {
    await page.getByRole('radio', { name: '16:9' }).check();
    await page.getByRole('button', { name: 'Keep the ratio of the sides' }).click();
    await page.getByLabel('Width').fill('720');
    check((await value('Height')) === '405', `the height is ${await value('Height')}`);
    await page.getByRole('button', { name: 'Swap the two sides' }).click();
    await page.getByLabel('Height').fill('1440');
    check((await value('Width')) === '810', `the width is ${await value('Width')}`);
    await page.getByRole('button', { name: 'Keep the ratio of the sides' }).click();
    const prices = await page.locator('#ratios .each').allInnerTexts();
    check(prices.length === 10 && prices.every(price => /^\$0\.0\d{3}$/.test(price)), `the prices are ${prices}`);
    await page.getByRole('radio', { name: '1:1' }).check();
  },

  async 'References are moved by keyboard, dragged from a result, and taken from earlier uploads'() {
    await drop(page, ['first.png', 'image/png', png], ['second.png', 'image/png', png]);
    await page.getByLabel('Strength of reference 2').waitFor();
    check((await names()) === 'first.png,second.png', await names());
    await page.getByRole('button', { name: 'Move reference 2 to the left' }).press('Enter');
    check((await names()) === 'second.png,first.png', await names());
    await page.locator('#references li').nth(1).dragTo(page.locator('#references li').first());
    check((await names()) === 'first.png,second.png', await names());
    const strength = page.getByLabel('Strength of reference 1');
    await strength.focus();
    await drop(page, ['third.png', 'image/png', png]);
    await page.getByLabel('Strength of reference 3').waitFor();
    check(await strength.evaluate(element => element === document.activeElement), 'the end of an upload takes the focus away');
    const source = await page.locator('#references img').nth(2).getAttribute('src');
    await page.evaluate(() => {
      const revoke = URL.revokeObjectURL.bind(URL);
      globalThis.revoked = [];
      URL.revokeObjectURL = url => (globalThis.revoked.push(url), revoke(url));
    });
    await page.getByRole('button', { name: 'Remove reference 3' }).click();
    check((await page.evaluate(() => globalThis.revoked.join())) === source, 'the browser still keeps the file of a removed reference');
    await page.evaluate(async bytes => {
      const blob = new Blob([Uint8Array.from(bytes)], { type: 'image/png' });
      await navigator.clipboard.write([new ClipboardItem({ 'image/png': blob })]);
    }, [...png]);
    await prompt.press('Control+v');
    await page.getByLabel('Strength of reference 3').waitFor();
    // A word processor copies a picture of its text beside it.
    await page.evaluate(async bytes => {
      const blob = new Blob([Uint8Array.from(bytes)], { type: 'image/png' });
      await navigator.clipboard.write([new ClipboardItem({ 'image/png': blob, 'text/plain': new Blob(['A sentence of a letter'], { type: 'text/plain' }) })]);
    }, [...png]);
    await prompt.fill('');
    await prompt.press('Control+v');
    await page.waitForFunction(() => document.querySelector('#prompt').value === 'A sentence of a letter');
    check((await page.locator('#references li').count()) === 3, 'the picture of the text was uploaded');
    for (const n of [3, 2, 1]) await page.getByRole('button', { name: `Remove reference ${n}` }).click();

    await page.getByRole('button', { name: 'earlier uploads' }).click();
    await inspect(page, 'uploads', screenshots);
    await page.setViewportSize(laptop);
    await page.evaluate(() => {
      const list = document.querySelector('.uploads');
      for (let n = list.children.length; n < 24; n++) list.append(list.firstElementChild.cloneNode(true));
    });
    await everyControlIsReachable(page, 'dialog > .actions', 'with 24 uploads');
    await dialog.getByRole('button', { name: 'first.png' }).click();
    await page.getByLabel('Strength of reference 1').waitFor();
    await make('A granite wall');
    // One that is not loaded yet cannot be dragged.
    await page.waitForFunction(() => document.querySelector('.result img').naturalWidth > 0);
    await result('A granite').locator('img').first().dragTo(page.locator('#drop'));
    await page.getByLabel('Strength of reference 2').waitFor();
    check((await names()) === 'first.png,Generated image', await names());
    await page.reload();
    await page.waitForFunction(() => [...document.querySelectorAll('#references img')].filter(image => image.naturalWidth > 0).length === 2);
    // Also of a generation that this browser has never used, and that is not among the newest.
    await page.evaluate(() => localStorage.removeItem('pictures@marketing'));
    const none = route => route.fulfill({ json: { generations: [], next: null } });
    await page.route('**/v1/generations?limit=24*', none);
    await page.reload();
    await page.getByText('Reference 2 cannot be shown: it is further back in the history than was read.').waitFor();
    await everyControlIsReachable(page, '#form', 'with a reference that is not shown');
    if (screenshots) await page.screenshot({ path: `${screenshots}/no-preview.png` });
    await page.locator('#preview-problem').getByRole('button', { name: 'Try again' }).click();
    await page.waitForFunction(() => [...document.querySelectorAll('#references img')].filter(image => image.naturalWidth > 0).length === 2);
    check((await page.locator('#preview-problem').innerText()) === '', 'the reason is still there');
    await page.unroute('**/v1/generations?limit=24*', none);
    await page.reload();

    // One that cannot be fetched says why, and can be tried again.
    const broken = route => route.fulfill({ status: 502, contentType: 'application/problem+json', body: '{"type":"/problems/upstream-unreachable","title":"Away","status":502}' });
    await page.route('**/v1/init-image/**', broken);
    await page.reload();
    await page.getByText('Reference 1 cannot be shown: Leonardo could not be reached.').waitFor();
    await page.getByRole('button', { name: 'earlier uploads' }).click();
    await dialog.getByText('It cannot be shown: Leonardo could not be reached.').first().waitFor();
    await inspect(page, 'uploads-broken', screenshots);
    await page.setViewportSize(laptop);
    await page.unroute('**/v1/init-image/**', broken);
    const tile = dialog.getByRole('listitem').first();
    await tile.getByRole('button', { name: 'Try again' }).click();
    await tile.locator('img').waitFor();
    await page.keyboard.press('Escape');
    await page.locator('#preview-problem').getByRole('button', { name: 'Try again' }).click();
    await page.waitForFunction(() => [...document.querySelectorAll('#references img')].filter(image => image.naturalWidth > 0).length === 2);
    for (const n of [2, 1]) await page.getByRole('button', { name: `Remove reference ${n}` }).click();
  },

  async 'What waits for a slot says its place in the queue and when it starts'() {
    let release;
    const slow = async route => {
      await new Promise(resolve => (release = resolve));
      await route.continue();
    };
    const usage = async route => {
      const json = await (await route.fetch()).json();
      json.queue = { waiting: 2, position: 5, estimatedStart: new Date(Date.now() + 60_000).toISOString() };
      await route.fulfill({ json });
    };
    await page.route('**/v2/generations', slow);
    await page.route('**/v1/usage', usage);
    await prompt.fill('A queue of umbrellas');
    await generate.click();
    await page.getByText(/^In the queue: position 5, starts in about \d+ seconds?$/).waitFor();
    release();
    await result('A queue').locator('img').first().waitFor();
    await page.unroute('**/v2/generations', slow);
    await page.unroute('**/v1/usage', usage);
  },

  async 'Selected generations come in one archive, and are deleted together'() {
    await make('A kiosk', 2);
    const select = text => page.getByRole('checkbox', { name: `Select: ${text}` });
    await select('A kiosk').check();
    await select('A queue').check();
    await page.getByText('2 generations selected, 3 images').waitFor();
    await inspect(page, 'selected', screenshots);
    await page.setViewportSize(laptop);
    const downloading = page.waitForEvent('download');
    await page.locator('#selected').getByRole('button', { name: 'Download' }).click();
    const list = execFileSync('python3', ['-c', 'import sys,zipfile; z=zipfile.ZipFile(sys.argv[1]); print(z.testzip(), *sorted(z.namelist()))', await (await downloading).path()], { encoding: 'utf8' });
    check(/^None a-kiosk-\d+-1\.jpg a-kiosk-\d+-2\.jpg a-queue-of-umbrellas-\d+-1\.jpg\n$/.test(list), `the archive has ${list}`);
    await page.locator('#selected').getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('button', { name: 'Delete for good' }).click();
    await result('A kiosk').waitFor({ state: 'detached' });
    await result('A queue').waitFor({ state: 'detached' });
    check(await page.locator('#selected').isHidden(), 'the selection is still shown');
  },

  async 'Work that ends while the tab is hidden is in its title'() {
    await page.evaluate(() => Object.defineProperty(document, 'hidden', { configurable: true, value: true }));
    await prompt.fill('A paper boat');
    await page.getByRole('radio', { name: '1', exact: true }).check();
    await prompt.press('Meta+Enter');
    await page.waitForFunction(() => document.title === 'Done – Make images – Leonardo gateway');
    await page.evaluate(() => {
      delete document.hidden;
      document.dispatchEvent(new Event('visibilitychange'));
    });
    check((await page.title()) === 'Make images – Leonardo gateway', `the title is ${await page.title()}`);
  },

  async 'Eight pictures and what can be done with them are reached without scrolling'() {
    await make('A shelf of jars', 8);
    await result('A shelf').locator('a.asked').click();
    await dialog.locator('.pictures img').nth(7).waitFor();
    await everyControlIsReachable(page, 'dialog > .actions', 'an open generation');
    if (screenshots) await page.screenshot({ path: `${screenshots}/eight.png` });
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
  },

  async 'A person without a mouse makes, opens, repeats, downloads and deletes'() {
    await page.reload();
    await page.locator('#quote .price').waitFor();
    await result('A shelf').locator('img').nth(7).waitFor({ state: 'attached' });
    await tabTo(page, '#prompt');
    await page.keyboard.press('Control+a');
    await page.keyboard.type('A key on a table');
    await tabTo(page, '#quantity input');
    await page.keyboard.press('ArrowLeft');
    await tabTo(page, '#send');
    await page.keyboard.press('Enter');
    await result('A key').locator('img').first().waitFor({ state: 'attached' });
    const made = await page.locator('#quantity input:checked').inputValue();
    await tabTo(page, '#search');
    await tabTo(page, '.result a.asked');
    await page.keyboard.press('Enter');
    await dialog.getByRole('button', { name: 'New seed' }).waitFor();
    await tabTo(page, 'dialog figcaption button');
    const downloading = page.waitForEvent('download');
    await page.keyboard.press('Enter');
    check(/^a-key-on-a-table-\d+-1\.jpg$/.test((await downloading).suggestedFilename()), `a file called ${(await downloading).suggestedFilename()}`);
    await tabTo(page, 'dialog .actions button[title*="without its seed"]');
    await page.keyboard.press('Enter');
    await dialog.waitFor({ state: 'detached' });
    await page.waitForFunction(() => document.activeElement.id === 'prompt');
    check((await value('Prompt')) === 'A key on a table' && (await page.locator('#quantity input:checked').inputValue()) === made, 'the form has another request');
    await tabTo(page, '.result a.asked');
    await page.keyboard.press('Enter');
    await dialog.locator('.danger').waitFor();
    await tabTo(page, 'dialog .danger');
    await page.keyboard.press('Enter');
    await page.getByText('Delete this generation?').waitFor();
    await tabTo(page, 'dialog [type=submit]');
    await page.keyboard.press('Space');
    await result('A key').waitFor({ state: 'detached' });
  },

  async 'A person who states a name sees what is their own'() {
    await page.locator('#who').click();
    await page.getByLabel('Your name for reports').fill('anna.b');
    await page.getByRole('button', { name: 'Save' }).click();
    await make('A field of poppies');
    await page.getByRole('button', { name: 'Mine' }).click();
    await result('A granite').waitFor({ state: 'detached' });
    await result('A field').getByText('anna.b').waitFor();
    await page.reload();
    await page.getByRole('button', { name: 'Mine' }).click();
    await result('A field').waitFor();
    await result('A granite').waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Team' }).click();
    await result('A granite').waitFor();
  },

  async 'An image alone is zoomed and left by keyboard, also to the next generation'() {
    await result('A field').locator('.picture a').first().focus();
    await page.keyboard.press('Enter');
    await dialog.locator('.stage img').waitFor();
    await page.keyboard.press('z');
    await dialog.getByRole('button', { name: 'Fit to window' }).waitFor();
    await page.keyboard.press('z');
    const first = page.url();
    await page.keyboard.press('ArrowRight');
    await page.waitForFunction(first => location.href !== first, first);
    check(/\/1$/.test(page.url()), `the next image is at ${page.url()}`);
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    await page.keyboard.press('j');
    check(await page.evaluate(() => document.activeElement.matches('a.asked')), 'j leads nowhere');
  },
};

try {
  for (const [name, part] of Object.entries(parts)) {
    try {
      await part();
    } catch (fault) {
      if (screenshots) await page.screenshot({ path: `${screenshots}/failed.png` });
      throw new Error(`${name}: ${fault.message}`, { cause: fault });
    }
  }
  const faults = await found();
  check(faults === '', faults);
  console.log('ok');
} finally {
  await browser.close();
}
