// node console-load.mjs ADDRESS [GENERATIONS]: what the console costs on a slow line, and how long it blocks: the first view, a history page of 24
// generations, and 10,000 generations (or as many as are given) that are scrolled to the last. Prints the figures, and fails where one is over its limit.
import { check, open, until } from './browser.mjs';

/** The line of the first view: milliseconds until an answer begins, and bytes in a millisecond (400 kbit/s). */
const latency = 300;
const bandwidth = 50;

const [address, generations = '10000'] = process.argv.slice(2);
const { browser, page, found } = await open(address, { viewport: { width: 1366, height: 768 } });
const devtools = await page.context().newCDPSession(page);
page.setDefaultTimeout(60_000);

/** Bytes as they are sent, with headers, by URL. */
async function count(action) {
  const received = new Map();
  const names = new Map();
  const onResponse = ({ requestId, response }) => names.set(requestId, response.url);
  const onEnd = ({ requestId, encodedDataLength }) => received.set(requestId, encodedDataLength);
  devtools.on('Network.responseReceived', onResponse);
  devtools.on('Network.loadingFinished', onEnd);
  await action();
  devtools.off('Network.responseReceived', onResponse);
  devtools.off('Network.loadingFinished', onEnd);
  const entries = [...names].filter(([, url]) => url.startsWith('http')).map(([id, url]) => [url, received.get(id) ?? 0]);
  return { entries, bytes: entries.reduce((sum, [, size]) => sum + size, 0) };
}

const figures = {};
function limit(name, value, most) {
  figures[name] = { value: Math.round(value), most: Math.round(most) };
}

/** Of the page, in milliseconds of the processor: what other programs take of it is not counted. */
function longestTask({ traceEvents }) {
  const pages = new Set(traceEvents.filter(({ name, args }) => name === 'thread_name' && args.name === 'CrRendererMain').map(({ pid, tid }) => `${pid} ${tid}`));
  const tasks = traceEvents.filter(({ name, pid, tid }) => name.endsWith('RunTask') && pages.has(`${pid} ${tid}`));
  check(tasks.length > 100, `only ${tasks.length} tasks were recorded`);
  return Math.max(...tasks.map(({ tdur = 0 }) => tdur)) / 1000;
}

/**
 * What is sent to a page that is opened comes in two turns of the line, one after the other: the document, and what its markup names. What scripts ask for is held
 * back here: a form that needed it would never be usable. The time is that of the line for these turns and their bytes, and that of the processor for the page. How
 * busy the machine is makes no difference.
 */
async function timeUntilUsable() {
  const held = [];
  const isOfMarkup = new Map();
  const onRequest = ({ request, initiator, type }) => isOfMarkup.has(request.url) || isOfMarkup.set(request.url, type === 'Document' || initiator.type === 'parser');
  devtools.on('Network.requestWillBeSent', onRequest);
  const hold = async route => {
    const url = route.request().url();
    await until(() => isOfMarkup.has(url), `who asks for ${url}`);
    if (isOfMarkup.get(url)) await route.fallback();
    else held.push(route);
  };
  await devtools.send('Performance.enable', { timeDomain: 'threadTicks' });
  await page.goto('about:blank');
  await page.route(`${address}/**`, hold);
  const { entries, bytes } = await count(async () => {
    await page.goto(`${address}/`, { waitUntil: 'commit' });
    await page.waitForFunction(() => globalThis.usableAt);
  });
  const { metrics } = await devtools.send('Performance.getMetrics');
  const processor = metrics.find(({ name }) => name === 'TaskDuration').value * 1000;
  await page.unroute(`${address}/**`, hold);
  for (const route of held) await route.continue();
  devtools.off('Network.requestWillBeSent', onRequest);
  check(held.length > 0, 'nothing was held back');
  console.log(`  two turns of the line with ${bytes} bytes in ${entries.length} answers, and ${Math.round(processor)} ms of the processor`);
  return 2 * latency + bytes / bandwidth + processor;
}

/** Two images each. */
async function fill(most) {
  for (let n = 0; n < most; n++) {
    const parameters = { prompt: `A harbour, number ${n}`, quantity: 2, width: 1440, height: 1080 };
    const answer = await fetch(`${address}/v2/generations`, { method: 'POST', headers: { 'content-type': 'application/json', prefer: 'wait=60' }, body: JSON.stringify({ model: 'flux-pro-2.0', parameters }) });
    check(answer.status === 200, `generation ${n}: ${answer.status}`);
  }
}

try {
  await fill(24);
  await devtools.send('Network.enable');

  // The first view, with nothing in the cache, on a slow line.
  await devtools.send('Network.setCacheDisabled', { cacheDisabled: true });
  await page.route('**/v1/generations?*', route => route.fulfill({ json: { generations: [], next: null } }));
  await devtools.send('Network.emulateNetworkConditions', { offline: false, latency, downloadThroughput: bandwidth * 1000, uploadThroughput: bandwidth * 1000 });
  await page.addInitScript(() => {
    const look = () => {
      const form = document.querySelector('#form');
      if (form && !form.hidden && document.querySelectorAll('#ratios input').length > 0) globalThis.usableAt = performance.now();
      else requestAnimationFrame(look);
    };
    look();
  });
  const first = await count(async () => {
    await page.goto('about:blank');
    await page.goto(`${address}/`);
    await page.locator('#quote .price').waitFor();
    await page.locator('#stream-empty').waitFor();
  });
  limit('first view, bytes', first.bytes, 60 * 1024);
  limit('first view, requests', first.entries.length, 8);
  console.log(first.entries.map(([url, size]) => `  ${size} ${url.replace(address, '')}`).join('\n'));
  console.log(`  form usable after ${Math.round(await page.evaluate(() => globalThis.usableAt))} ms here and now`);
  await devtools.send('Network.emulateNetworkConditions', { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: -1 });
  limit('form usable, ms', await timeUntilUsable(), 1500);
  await page.unroute('**/v1/generations?*');

  // 24 generations, scrolled to the last, with their thumbnails.
  await page.goto('about:blank');
  const history = await count(async () => {
    await page.goto(`${address}/#history`);
    await page.locator('.result').nth(20).waitFor();
    await page.evaluate(async () => {
      const { generations } = await (await fetch('v1/generations?limit=24')).json();
      for (const { id } of generations) {
        const isShown = () => {
          const image = document.querySelector(`[data-id="${id}"] img`);
          image?.scrollIntoView({ block: 'center' });
          return image?.complete && image.naturalWidth > 0;
        };
        for (const end = Date.now() + 60_000; !isShown(); await new Promise(requestAnimationFrame)) if (Date.now() > end) throw new Error(`the image of ${id} is not shown`);
      }
    });
  });
  const isOfHistory = ([url]) => /\/v1\/generations/.test(url);
  const images = history.entries.filter(([url]) => /\/images\//.test(url));
  check(images.length >= 24, `only ${images.length} images were loaded`);
  limit('history page of 24, bytes', history.entries.filter(isOfHistory).reduce((sum, [, size]) => sum + size, 0), 400 * 1024);

  // Many generations, each with an image, from a list that answers at once.
  const total = Number(generations);
  await page.addInitScript(total => {
    const real = globalThis.fetch;
    const one = n => {
      const id = `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
      const request = { model: 'flux-pro-2.0', public: false, parameters: { prompt: `Number ${n} of many: a prompt as people write them, of some length, with commas`, quantity: 1, width: 1440, height: 1440, seed: n, prompt_enhance: 'OFF' } };
      return { id, status: 'COMPLETE', createdAt: new Date(Date.UTC(2026, 9, 1) - n * 600_000).toISOString().slice(0, 23), imageWidth: 1440, imageHeight: 1440, seed: n, prompt: request.parameters.prompt, generated_images: [{ id, url: '' }], request };
    };
    globalThis.fetch = (path, options) => {
      const url = new URL(path, location.href);
      if (!url.pathname.endsWith('/v1/generations') || options.method !== 'GET') return real(path, options);
      const after = Number(url.searchParams.get('after') ?? 0);
      const size = Math.min(Number(url.searchParams.get('limit')), total - after);
      return Promise.resolve(Response.json({ generations: Array.from({ length: size }, (_, n) => one(after + n)), next: after + size < total ? String(after + size) : null }));
    };
  }, total);
  await page.route('**/images/**', route => route.fulfill({ contentType: 'image/svg+xml', body: '<svg xmlns="http://www.w3.org/2000/svg" width="320" height="320"><rect width="320" height="320" fill="#888"/></svg>' }));
  await page.goto('about:blank');
  await page.goto(`${address}/#history`);
  await page.locator('.result').nth(5).waitFor();
  await browser.startTracing(page, { categories: ['toplevel'] });
  const began = Date.now();
  const most = await page.evaluate(async total => {
    let most = 0;
    const isAtEnd = () => document.querySelector('.results-page:last-child .result:last-child')?.textContent.includes(`Number ${total - 1} of`);
    for (let quiet = 0; quiet < 1500 && !isAtEnd(); ) {
      const before = scrollY;
      // The first ones as a wheel does it, and then from end to end.
      scrollBy(0, before < 20_000 ? 1000 : 100_000);
      await new Promise(requestAnimationFrame);
      most = Math.max(most, document.querySelectorAll('*').length);
      quiet = scrollY === before ? quiet + 1 : 0;
    }
    return most;
  }, total);
  const longest = longestTask(JSON.parse((await browser.stopTracing()).toString()));
  const reached = Number((await page.locator('.result').last().innerText()).match(/Number (\d+)/)[1]) + 1;
  check(reached === total, `the end of the list is generation ${reached}`);
  console.log(`  scrolled to the last in ${((Date.now() - began) / 1000).toFixed(1)} s`);
  limit(`${total} generations, longest task, ms`, longest, 200);
  limit(`${total} generations, elements`, most, 20_000);

  for (const [name, { value, most }] of Object.entries(figures)) console.log(`${name}: ${value} (at most ${most})`);
  for (const [name, { value, most }] of Object.entries(figures)) check(value <= most, `${name}: ${value}, more than ${most}`);
  const faults = await found();
  check(faults === '', faults);
  console.log('ok');
} catch (fault) {
  console.log(await page.locator('#stream').innerText().catch(() => 'no stream'), await found());
  throw fault;
} finally {
  await browser.close();
}
