// node console-defects.mjs ADDRESS TOKEN-OF-A-SMALL-TEAM ADMIN-TOKEN TENANTS-FILE [SCREENSHOTS]: what once went wrong for people at the console, one after another.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { check, open, until } from './browser.mjs';
import { callerChanges } from './console-callers.mjs';
import { drop, everyControlIsReachable, inspect, png, shoot } from './console-page.mjs';

const [address, token, adminToken, tenantsFile, screenshots] = process.argv.slice(2);
const laptop = { width: 1366, height: 768 };
const { browser, page, found } = await open(address, { viewport: laptop, permissions: ['clipboard-read', 'clipboard-write'] }, [
  { path: '/v2/generations', status: 400 },
  { path: '/v2/generations', status: 429 },
  { path: '/v2/generations/quote', status: 400 },
  { path: '/v1/uploads', status: 415 },
  { path: /\/images\//, status: 502 },
  // A session that has ended.
  { path: /^\/v[12]\/(usage|models|generations|session)/, status: 401 },
  { path: '/v1/usage', status: 503 },
]);
page.setDefaultTimeout(Number(process.env.PATIENCE ?? 60_000));

const posts = [];
page.on('request', request => {
  if (request.method() === 'POST' && new URL(request.url()).pathname === '/v2/generations') posts.push(request);
});
const generate = page.getByRole('button', { name: 'Generate', exact: true });
const prompt = page.getByLabel('Prompt', { exact: true });
const dialog = page.getByRole('dialog');
const see = text => page.getByText(text).first().waitFor();
const result = text => page.getByRole('article', { name: `Result: ${text}` });
const quoted = () => page.waitForResponse(response => response.url().endsWith('/quote'));
const isAtTop = () => page.evaluate(() => scrollY === 0 && document.querySelector('nav').getBoundingClientRect().top >= 0);
const get = async path => (await fetch(`${address}/${path}`)).text();

/** Goes there with an empty page before, so that the address is loaded and not only changed. */
async function load(hash = '') {
  await page.goto('about:blank');
  await page.goto(`${address}/${hash}`);
  await page.locator('#quote .price').waitFor({ state: 'attached' });
}

/** As a program of the team. @returns `{id, images, request}`, the request as the gateway has it. */
async function make(body) {
  const form = new FormData();
  form.append('file', new Blob([png], { type: 'image/png' }), 'palette.png');
  const { uploadInitImage } = await (await fetch(`${address}/v1/init-image`, { method: 'POST', body: form })).json();
  const text = JSON.stringify(body).replace('UPLOAD', uploadInitImage.id);
  const answer = await (await fetch(`${address}/v2/generations`, { method: 'POST', headers: { 'content-type': 'application/json', prefer: 'wait=60' }, body: text })).json();
  const id = answer.generate.generationId;
  const stored = await get(`v1/generations/${id}`);
  return { id, images: answer.generations_by_pk.generated_images, request: stored.slice(stored.indexOf('"request":') + '"request":'.length, -1) };
}

const parts = {
  async 'A remix from the history is the same request, byte for byte'() {
    const styles = ['645e4195-f63d-4715-a3f2-3fb1e6eb8c70', '1db308ce-c7ad-4d10-96fd-592fa6b75cc4'];
    const image_reference = [{ image: { id: 'UPLOAD', type: 'UPLOADED' }, strength: 'HIGH' }];
    const parameters = { prompt: 'Remix: un café, “déjà vu” <b>\n2nd line 😀', width: 512, height: 768, quantity: 2, style_ids: styles, prompt_enhance: 'ON', guidances: { image_reference } };
    const { request } = await make({ model: 'flux-pro-2.0', parameters });
    await load('#history');
    await page.locator('.result', { hasText: 'Remix' }).locator('a.asked').click();
    await dialog.locator('.pictures img').nth(1).waitFor();
    await inspect(page, 'details', screenshots);
    await page.setViewportSize(laptop);
    await dialog.getByRole('button', { name: 'Same seed' }).click();
    await page.getByRole('button', { name: 'Remove reference 1' }).waitFor();
    check(await page.getByLabel('Let Leonardo rewrite the prompt').isChecked(), 'the prompt enhancement is lost');
    await generate.click();
    await result('Remix').nth(1).waitFor();
    // Parsed and written again: the gateway writes some letters as escapes. What Leonardo received is compared by the caller of this script.
    check(posts.at(-1).postData() === JSON.stringify(JSON.parse(request)), `the remix is ${posts.at(-1).postData()}, not ${request}`);

    // With a new seed it is what a person would send who fills in the form for the first time.
    await result('Remix').first().getByRole('button', { name: 'New seed' }).click();
    check((await page.getByLabel('Seed').inputValue()) === '', 'there still is a seed');
    await result('Remix').nth(1).locator('summary').click();
    // Its card is another element, as if it had ended meanwhile: the list stays open.
    await result('Remix').nth(1).evaluate(card => document.dispatchEvent(new CustomEvent('generation-changed', { detail: { id: card.dataset.id } })));
    await result('Remix').nth(1).getByRole('button', { name: 'Python', exact: true }).click();
    await result('Remix').nth(1).getByText('Copied').waitFor();
    const folder = mkdtempSync(join(tmpdir(), 'console-'));
    // C# is compiled and run by the caller of this script. PowerShell is a tool of the repository, and found only in its folder.
    const programs = {
      curl: ['bash'],
      'curl without jq': ['bash'],
      Python: ['python3'],
      'Python with requests': ['python3'],
      TypeScript: ['node', '--input-type=module'],
      PowerShell: ['dotnet', 'tool', 'run', 'pwsh', '--', '-NoProfile', '-Command'],
      'C#': [],
    };
    const isOnPath = program => (process.env.PATH ?? '').split(delimiter).some(folder => existsSync(join(folder, program)));
    const isInstalled = (program, options) => {
      const isThere = program === 'dotnet' ? spawnSync(program, [...options.slice(0, 4), '-Version']).status === 0 : isOnPath(program);
      check(isThere || !process.env.CI, `${[program, ...options].join(' ')} cannot be run`);
      return isThere;
    };
    // What the programs make appears beside it, and moves it.
    const id = await result('Remix').nth(1).getAttribute('data-id');
    let last = await page.evaluate(() => navigator.clipboard.readText());
    for (const [language, [program, ...options]] of Object.entries(programs).filter(([, [program, ...options]]) => !program || isInstalled(program, options))) {
      const menu = page.locator(`.result[data-id="${id}"]`);
      await menu.locator('summary').click();
      await menu.getByRole('button', { name: language, exact: true }).click();
      await menu.getByText('Copied').waitFor();
      // The last language is still said to be copied.
      let code;
      await until(async () => (code = await page.evaluate(() => navigator.clipboard.readText())) !== last, `${language} is copied`);
      last = code;
      if (!program) {
        writeFileSync(join(dirname(tenantsFile), 'copied.cs'), code);
        continue;
      }
      const before = readdirSync(folder).length;
      const [cwd, input] = language === 'PowerShell' ? ['.', `Set-Location '${folder}'\n${code}\n\n`] : [folder, code];
      execFileSync(program, [...options, '-'], { cwd, input, stdio: ['pipe', 'ignore', 'inherit'] });
      const saved = readdirSync(folder).length - before;
      check(saved === 2, `${language} saved ${saved} images`);
    }
    rmSync(folder, { recursive: true });
  },

  async 'Loading a page by its address leaves the navigation in view, and Back closes a generation'() {
    for (const [name, shown] of [['history', 'generate'], ['usage', 'usage'], ['operator', 'operator']]) {
      await load(`#${name}`);
      await page.locator(`#page-${shown}`).waitFor();
      check(await isAtTop(), `#${name} scrolls the navigation away`);
    }
    await load('#history');
    const card = page.locator('.result').first().locator('a.asked');
    await card.click();
    await dialog.locator('.pictures img').nth(1).waitFor();
    check(/#\/g\/[0-9a-f-]{36}$/.test(page.url()), `an open generation has the address ${page.url()}`);
    // Its card is another element, as if it had ended meanwhile.
    await page.evaluate(() => document.dispatchEvent(new CustomEvent('generation-changed', { detail: { id: location.hash.slice(4) } })));
    await dialog.locator('.pictures img').nth(1).click();
    await page.waitForURL(/#\/g\/[0-9a-f-]{36}\/2$/);
    await dialog.locator('.picture img').waitFor();
    await inspect(page, 'lightbox', screenshots);
    await page.setViewportSize(laptop);
    await page.keyboard.press('ArrowLeft');
    await page.waitForURL(/\/1$/);
    await page.goBack();
    await dialog.locator('.facts').waitFor();
    await page.goBack();
    await dialog.waitFor({ state: 'detached' });
    check(page.url().endsWith('#history'), `Back leads to ${page.url()}`);
    const focused = await card.evaluate(element => (element === document.activeElement ? null : document.activeElement.outerHTML.slice(0, 200)));
    check(focused === null, `behind the dialog the focus is on ${focused}`);

    // Back leaves no dialog of the page that is left.
    await load('#usage');
    const dialogs = {
      'who am I': () => page.locator('#who').click(),
      keys: () => page.locator('body').press('?'),
      'earlier uploads': () => page.getByRole('button', { name: 'earlier uploads' }).click(),
      'a question': async () => {
        await page.locator('.result a.asked').first().click();
        await dialog.getByRole('button', { name: 'Delete' }).click();
        await see('Delete this generation?');
      },
    };
    for (const [name, openIt] of Object.entries(dialogs)) {
      await page.getByRole('link', { name: 'Generate', exact: true }).click();
      await openIt();
      await dialog.first().waitFor();
      await page.goBack();
      if (name === 'a question') await page.goBack();
      await page.locator('#page-usage').waitFor();
      check((await page.locator('dialog[open]').count()) === 0, `Back leaves ${name} open`);
    }

    // The address alone opens it, also after a reload; Escape closes it.
    const { generations } = JSON.parse(await get('v1/generations?limit=1'));
    await load(`#/g/${generations[0].id}/2`);
    await dialog.locator('.picture img').waitFor();
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    check(page.url().endsWith('#generate'), `Escape leads to ${page.url()}`);
  },

  async 'A wrong file is named, and the message about a fifth reference stays'() {
    await load();
    await page.getByRole('button', { name: 'Remove reference 1' }).click();
    await drop(page, ['notes.png', 'image/png', Buffer.from('not a picture at all')]);
    await page.locator('#upload-problem').getByText('notes.png was not added: it is not a PNG, JPEG or WebP image.').waitFor();
    await drop(page, ...[1, 2, 3, 4, 5].map(n => [`ref-${n}.png`, 'image/png', png]));
    const message = page.locator('#upload-problem').getByText('ref-5.png was not added: this model takes at most 4 reference images.');
    await message.waitFor();
    // A price, which clears the marks of an earlier refusal, comes after it.
    await page.getByRole('radio', { name: '4', exact: true }).check();
    await page.locator('#quote').getByText('for 4 images').waitFor();
    check(await message.isVisible(), 'the message is gone');
    const everything = '#form, #form-problem, .stream-head';
    check(await page.getByLabel('Publish to the community feed').isVisible(), 'the team may publish, and cannot');
    await everyControlIsReachable(page, everything, 'with a fifth reference');
    if (screenshots) await shoot(page, 'references', screenshots);
    await page.getByLabel('Width').fill('100');
    await page.getByLabel('Seed').fill('4294967296');
    await generate.click();
    await page.locator('#form-problem').getByText('Something here needs a correction').waitFor();
    await everyControlIsReachable(page, everything, 'with a fifth reference and a refusal');
    if (screenshots) await shoot(page, 'references-refused', screenshots);
    await page.getByLabel('Seed').fill('');
    await page.getByRole('radio', { name: '1:1' }).check();
    await page.getByRole('button', { name: 'Remove reference 4' }).click();
    check((await page.locator('#upload-problem').innerText()) === '', 'the message is still there');
    await everyControlIsReachable(page, '#form', 'with references');
    for (let n = 3; n >= 1; n--) await page.getByRole('button', { name: `Remove reference ${n}` }).click();
    await page.getByRole('radio', { name: '1', exact: true }).check();
  },

  async 'What a refusal marks stays, though a price was asked for before'() {
    const held = [];
    const hold = route => held.push(route);
    await page.route('**/v2/generations/quote', hold);
    await prompt.fill('');
    await until(() => held.length === 1, 'a price is asked for');
    const isQuote = request => request.url().endsWith('/quote');
    const isOver = Promise.race(['requestfinished', 'requestfailed'].map(event => page.waitForEvent(event, isQuote)));
    await generate.click();
    const mark = page.locator('#prompt[aria-invalid]');
    await mark.waitFor();
    await page.unroute('**/v2/generations/quote', hold);
    // It may have been cancelled.
    await Promise.all(held.map(route => route.continue().catch(() => {})));
    await isOver;
    await page.evaluate(() => new Promise(requestAnimationFrame));
    check((await mark.count()) === 1, 'the mark is gone');
  },

  async 'Enter in a field sends nothing, and Ctrl+Enter sends'() {
    const before = posts.length;
    await page.getByLabel('Width').fill('512');
    await page.getByLabel('Width').press('Enter');
    await page.getByLabel('Seed').press('Enter');
    await page.getByRole('radio', { name: '1', exact: true }).press('Enter');
    await prompt.fill('A kite over a beach');
    await prompt.press('Control+Enter');
    await result('A kite').locator('img').first().waitFor();
    check(posts.length === before + 1, `${posts.length - before} requests were sent`);
  },

  async 'Work that runs when the page is reloaded is still there, and so is the draft'() {
    await prompt.fill('A slow river');
    await page.getByRole('radio', { name: '2', exact: true }).check();
    await generate.click();
    await result('A slow river').getByText('Leonardo is working').waitFor();
    await prompt.fill('A draft of something else');
    await quoted();
    await page.reload();
    await result('A slow river').waitFor();
    check((await prompt.inputValue()) === 'A draft of something else', `the draft is ${await prompt.inputValue()}`);
    await result('A slow river').locator('img').nth(1).waitFor();
    check((await result('A slow river').count()) === 1, 'it is there twice');
  },

  async 'A reload while a request is being sent offers to send the same one again'() {
    let release;
    await page.route('**/v2/generations', async route => {
      await new Promise(resolve => (release = resolve));
      await route.abort().catch(() => {});
    });
    await prompt.fill('A letter in a bottle');
    await generate.click();
    await until(() => release, 'it is being sent');
    const key = await posts.at(-1).headerValue('Idempotency-Key');
    await page.reload();
    release();
    await page.unroute('**/v2/generations');
    await page.getByRole('button', { name: 'Send it again' }).waitFor();
    await everyControlIsReachable(page, '#form-problem', 'an interrupted request');
    await page.getByRole('button', { name: 'Send it again' }).click();
    await result('A letter').getByText(/^Leonardo is working: \d+ seconds?, usually \d+ seconds?$/).waitFor();
    await result('A letter').locator('img').first().waitFor();
    check((await posts.at(-1).headerValue('Idempotency-Key')) === key, 'it was sent with another key: it could be paid twice');
    check(await page.locator('#form-problem').innerText() === '', 'the offer is still there');
  },

  async 'A picture that cannot be fetched says why, and can be tried again'() {
    const refusal = { type: '/problems/upstream-unreachable', title: 'Leonardo could not be reached', status: 502, detail: 'GET /broken' };
    const broken = route => route.fulfill({ status: 502, contentType: 'application/problem+json', body: JSON.stringify(refusal) });
    await page.route('**/images/**', broken);
    await load();
    const missing = result('A kite').locator('.missing');
    await missing.getByText('Image 1 cannot be shown: Leonardo could not be reached.').waitFor();
    if (screenshots) await shoot(page, 'broken-image', screenshots);
    await page.unroute('**/images/**', broken);
    await missing.getByRole('button', { name: 'Try again' }).click();
    await page.waitForFunction(() => [...document.querySelectorAll('.result img')].some(image => image.naturalWidth > 0));
    check((await missing.count()) === 0, 'the reason is still there');
  },

  async 'A flagged picture is marked, and a failed generation says in one line what it cost'() {
    await make({ model: 'flux-pro-2.0', parameters: { prompt: 'Flagged [sim:job-nsfw]', width: 512, height: 512 } });
    await load();
    await result('Flagged').getByText('Flagged as not safe for work').waitFor();
    check(!(await result('Flagged').locator('.facts-line').innerText()).includes('false'), 'a fact that is not known is shown');
    await prompt.fill('Failed [sim:job-fails]');
    await page.getByRole('radio', { name: '1', exact: true }).check();
    await generate.click();
    await result('Failed').getByText(/^Failed: Leonardo made no images\. \$0\.\d+ was charged\.$/).waitFor();
    // What was charged, and not the list price, also after a reload.
    const { generate: made } = await (
      await fetch(`${address}/v2/generations`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', prefer: 'wait=60' },
        body: JSON.stringify({ model: 'flux-pro-2.0', parameters: { prompt: 'Cheap [sim:cost-factor:0.5]', width: 512, height: 512 } }),
      })
    ).json();
    await load();
    await result('Cheap').locator('.facts-line').getByText(`$${made.cost.amount}`).waitFor();
    if (screenshots) await shoot(page, 'flagged', screenshots);
    await page.getByRole('link', { name: 'History' }).click();
    const card = page.locator('.result', { hasText: 'Flagged [' });
    await card.getByText('Flagged as not safe for work').waitFor();
    // The history shows the first picture of each. Here the first is not flagged, but a later one is.
    const some = async route => {
      const json = await (await route.fetch()).json();
      for (const { prompt, generated_images: images } of json.generations)
        if (prompt?.startsWith('Flagged')) images.push({ ...images[0] }), (images[0].nsfw = false);
      await route.fulfill({ json });
    };
    await page.route('**/v1/generations?*', some);
    await load('#history');
    await card.getByText('1 of 2 flagged as not safe for work').waitFor();
    if (screenshots) await shoot(page, 'flagged-later', screenshots);
    await page.unroute('**/v1/generations?*', some);
  },

  async 'Pressing Enter twice on Delete keeps the generation'() {
    const card = page.locator('.result', { hasText: 'A kite' });
    await card.locator('a.asked').click();
    await dialog.getByRole('button', { name: 'Delete' }).focus();
    await page.keyboard.press('Enter');
    await see('Delete this generation?');
    await inspect(page, 'delete', screenshots);
    await page.setViewportSize(laptop);
    await page.keyboard.press('Enter');
    await page.getByText('Delete this generation?').waitFor({ state: 'detached' });
    await dialog.getByRole('button', { name: 'Close' }).click();
    await dialog.waitFor({ state: 'detached' });
    check(await card.isVisible(), 'it was deleted');

    await card.locator('a.asked').click();
    await dialog.getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('button', { name: 'Delete for good' }).click();
    await card.waitFor({ state: 'detached' });
    await dialog.waitFor({ state: 'detached' });
    // The focus is on the next generation.
    await page.waitForFunction(() => document.activeElement.matches('a.asked'));
    await page.getByRole('link', { name: 'Generate', exact: true }).click();
    check((await result('A kite').count()) === 0, 'it is still among the results');
  },

  async 'No text is written for programs'() {
    await load();
    await page.getByRole('radio', { name: '8', exact: true }).check();
    await page.getByLabel('Width').fill('100');
    await page.getByLabel('Width').fill('1440');
    await prompt.fill('Eight at once');
    await see('More than is left: Images per day.');
    await generate.click();
    await page.locator('#form-problem').getByText(/^Images per day: \d+ of 28 left, 8 asked for/).waitFor();
    const text = await page.locator('body').innerText();
    check(!/(?:GET|POST) \/|see errors|Retry-After|images-day/.test(text), `the page says ${text}`);
    await page.getByRole('radio', { name: '1', exact: true }).check();
  },

  async 'Keys are listed, sides are swapped, and all pictures come in one archive'() {
    await load();
    await page.locator('body').press('?');
    await dialog.getByText('Ctrl+Enter').waitFor();
    await inspect(page, 'keys', screenshots);
    await page.setViewportSize(laptop);
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    await page.locator('body').press('/');
    await page.waitForFunction(() => document.activeElement.id === 'prompt');
    await page.getByRole('radio', { name: '16:9' }).check();
    await page.getByRole('button', { name: 'Swap the two sides' }).click();
    check(await page.getByRole('radio', { name: '9:16' }).isChecked(), 'the sides are not swapped');
    const downloading = page.waitForEvent('download');
    await result('Remix').first().getByRole('button', { name: 'Download all' }).click();
    const download = await downloading;
    check(/^remix-un-cafe-.*-\d+\.zip$/.test(download.suggestedFilename()), `a file called ${download.suggestedFilename()}`);
    const list = execFileSync('python3', ['-c', 'import sys,zipfile; z=zipfile.ZipFile(sys.argv[1]); print(z.testzip(), *z.namelist())', await download.path()], { encoding: 'utf8' });
    check(/^None remix-un-cafe-\S*-\d+-1\.jpg remix-un-cafe-\S*-\d+-2\.jpg\n$/.test(list), `the archive has ${list}`);
  },

  async 'The history goes on while a person scrolls, with a heading for each day'() {
    const one = n => ({ id: `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`, status: 'FAILED', generated_images: [], createdAt: new Date(Date.now() - n * 3_600_000).toISOString().slice(0, 23), prompt: `Number ${n}` });
    const list = route => {
      const after = Number(new URL(route.request().url()).searchParams.get('after') ?? 0);
      return route.fulfill({ json: { generations: Array.from({ length: 24 }, (_, n) => one(after + n)), next: after < 72 ? String(after + 24) : null } });
    };
    await page.route('**/v1/generations?limit=24*', list);
    await load('#history');
    await page.getByText('Number 23', { exact: true }).waitFor();
    await page.evaluate(() => {
      globalThis.days = [];
      const look = () => globalThis.days.push(...[...document.querySelectorAll('#results h2')].map(day => day.textContent));
      new MutationObserver(look).observe(document.querySelector('#results'), { childList: true, subtree: true });
      look();
    });
    // By half a window in each frame.
    await page.waitForFunction(() => {
      scrollBy(0, innerHeight / 2);
      return document.querySelector('#results').textContent.includes('Number 95');
    });
    const days = [...new Set(await page.evaluate(() => globalThis.days))];
    check(days.length >= 4 && days[0] === 'Today' && days[1] === 'Yesterday', `the days are ${days}`);
    check((await page.locator('.result').count()) < 96, 'what is far from the window still has its elements');
    await page.evaluate(() => scrollTo(0, 0));
    await page.getByText('Number 0', { exact: true }).waitFor();
    // What was read is found at once, and what was not is read.
    await page.getByLabel('Search prompts').fill('number 95');
    await page.getByText('1 found', { exact: true }).waitFor();
    check((await page.locator('.result').count()) === 1, 'the search shows more than it found');
    await page.getByLabel('Search prompts').fill('');
    await page.unroute('**/v1/generations?limit=24*', list);
  },

  async 'Every control is reachable on a laptop without scrolling'() {
    await load();
    for (const viewport of [laptop, { width: 1440, height: 900 }]) {
      await page.setViewportSize(viewport);
      await page.evaluate(() => scrollTo(0, 0));
      await page.getByText('Help', { exact: true }).click();
      await everyControlIsReachable(page, 'header', `the head at ${viewport.width}`);
      await page.keyboard.press('Escape');
      await everyControlIsReachable(page, '#form, .stream-head', `the workspace at ${viewport.width}`);
      if (screenshots) await shoot(page, `laptop-${viewport.width}`, screenshots);
    }
    await page.setViewportSize(laptop);
  },

  async 'The operator sees that the tenants file is refused, and why'() {
    const good = readFileSync(tenantsFile, 'utf8');
    writeFileSync(tenantsFile, good.replace('"imagesPerDay"', '"imagesPerDya"'));
    await page.getByRole('link', { name: 'Operator' }).click();
    await page.getByLabel('Admin token').fill(adminToken);
    await page.keyboard.press('Enter');
    await page.locator('#operator-content').getByText('The tenants file is refused').waitFor();
    await page.locator('#operator-content').getByText('imagesPerDya').first().waitFor();
    await inspect(page, 'refused-file', screenshots);
    await page.setViewportSize(laptop);
    writeFileSync(tenantsFile, good);
  },

  async 'A valid token closes its dialog, and a team with a cap on pixels has sizes that work'() {
    await page.getByRole('link', { name: 'Generate', exact: true }).click();
    await page.locator('#who').click();
    await page.getByLabel('Gateway token').fill(token);
    await page.keyboard.press('Enter');
    await dialog.waitFor({ state: 'hidden' });
    await page.getByRole('button', { name: 'Small' }).waitFor();
    await page.waitForFunction(() => document.querySelector('#width').value === '1000' && document.querySelector('#height').value === '1000');
    check((await prompt.inputValue()) === '', 'the other team’s prompt is still in the form');
    await page.locator('#quote .price').waitFor();
    check((await page.locator('#form [aria-invalid]').count()) === 0, 'the form opens in error');
    // The first one is chosen already: it comes last, so that each is a change.
    for (const preset of (await page.locator('#ratios input').all()).reverse()) {
      check(await preset.isEnabled(), 'a preset is dead');
      await preset.check();
      check((await (await quoted()).json()).valid === true, 'a preset is refused');
    }
    check((await page.locator('#ratios input').count()) === 10, 'there are fewer presets');
    if (screenshots) await shoot(page, 'small-team', screenshots);
  },

  async 'A reload stays signed in, and signing out holds'() {
    await page.reload();
    await page.locator('#who', { hasText: 'Small' }).waitFor();
    check(!(await page.evaluate(() => document.cookie + JSON.stringify({ ...localStorage, ...sessionStorage }))).includes('gateway_session'), 'a script can read the session');
    const [cookie] = (await page.context().cookies()).filter(({ name }) => name === 'gateway_session');
    check(cookie.httpOnly && cookie.sameSite === 'Strict' && cookie.path === '/', `the cookie is ${JSON.stringify(cookie)}`);
    await page.locator('#who').click();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.locator('#who', { hasText: 'Marketing' }).waitFor();
    await page.reload();
    await page.locator('#who', { hasText: 'Marketing' }).waitFor();
    // The session of a copied cookie has ended, too.
    await page.context().addCookies([cookie]);
    await page.reload();
    await page.locator('#who', { hasText: 'Marketing' }).waitFor();
    check((await page.context().cookies()).every(({ name }) => name !== 'gateway_session'), 'the cookie is not cleared');
  },

  ...callerChanges({ address, page, small: token, screenshots }),
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
