// Opens a page in Chromium and records what must not happen: errors on the console, requests to other hosts, and secrets in answers.
import { chromium } from 'playwright-core';

/** The upstream's secrets, one per line, and the forms of its addresses. */
const secrets = [...(process.env.SECRETS ?? '').split('\n').filter(Boolean), /users\/[0-9a-f]{8}-[0-9a-f-]{27}|\.amazonaws\.com\/|X-Amz-/i];

const isAt = (url, path) => (path instanceof RegExp ? path.test(new URL(url).pathname) : new URL(url).pathname === path);

async function leaks(response) {
  // A cancelled request, or one that outlived the page, has neither.
  const head = await response.allHeaders().catch(() => ({}));
  const body = await response.body().catch(() => Buffer.alloc(0));
  const text = JSON.stringify(head) + body.toString('latin1');
  return secrets.filter(secret => text.search(secret) >= 0).map(secret => `leak: ${secret} in ${response.url()}`);
}

/** @param expected refusals that the script provokes, as `{path, status}`, where the path may be an expression: Chromium logs each as an error. */
export async function open(address, options = {}, expected = []) {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
  const page = await (await browser.newContext(options)).newPage();
  const faults = [];
  page.on('console', message => {
    const isExpected = expected.some(({ path, status }) => message.text().includes(`a status of ${status} `) && isAt(message.location().url, path));
    if (message.type() === 'error' && !isExpected) faults.push(`console: ${message.text()} ${message.location().url}`);
  });
  page.on('pageerror', error => faults.push(`page: ${error.message}`));
  page.on('request', request => {
    const url = new URL(request.url());
    if (url.protocol !== 'data:' && url.protocol !== 'blob:' && url.origin !== new URL(address).origin) faults.push(`request to ${url.origin}`);
  });
  const reading = [];
  // Blobs in the page's memory are not answers.
  page.on('requestfinished', request => request.url().startsWith('http') && reading.push(request.response().then(response => (response ? leaks(response) : [])).catch(() => [])));
  /** Everything that must not have happened, after the last answers are read. */
  const found = async () => [...faults, ...(await Promise.all(reading)).flat()].join('\n');
  return { browser, page, found };
}

/** Waits for something that is not on the page. */
export async function until(condition, what, seconds = 60) {
  for (const end = Date.now() + seconds * 1000; !(await condition()); await new Promise(resolve => setTimeout(resolve, 20))) check(Date.now() < end, `not within ${seconds} s: ${what}`);
}

/** Holds back the next answer to what is asked for by this pattern, as a slow network does. */
export async function holdNext(page, pattern) {
  let request;
  let letGo;
  const hold = async route => {
    if (request) return route.fallback();
    request = route.request();
    const response = await route.fetch();
    await new Promise(resolve => { letGo = resolve; });
    await route.fulfill({ response });
  };
  await page.route(pattern, hold);
  return {
    isHeld: () => until(() => letGo, `an answer of ${pattern} is held`),
    async release() {
      const isRead = page.waitForEvent('requestfinished', sent => sent === request);
      letGo();
      await isRead;
      // Not before: it would end the request that is held.
      await page.unroute(pattern, hold);
    },
  };
}

export function check(condition, what) {
  if (!condition) throw new Error(what);
}
