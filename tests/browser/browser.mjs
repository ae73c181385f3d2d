// Opens a page in Chromium and keeps account of what must not happen: errors on the console, requests that leave the gateway, and secrets in its answers.
import { chromium } from 'playwright-core';

/** What the gateway's upstream would not want to be read here, a word a line, and how it writes its addresses. */
const secrets = [...(process.env.SECRETS ?? '').split('\n').filter(Boolean), /users\/[0-9a-f]{8}-[0-9a-f-]{27}|\.amazonaws\.com\/|X-Amz-/i];

async function leaks(response) {
  // An answer that the page no longer wanted, or that outlived it, has none of these.
  const head = await response.allHeaders().catch(() => ({}));
  const body = await response.body().catch(() => Buffer.alloc(0));
  const text = JSON.stringify(head) + body.toString('latin1');
  return secrets.filter(secret => text.search(secret) >= 0).map(secret => `leak: ${secret} in ${response.url()}`);
}

/** @param expected refusals that the script provokes: Chromium logs each as an error. `{path, status}` */
export async function open(address, options = {}, expected = []) {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
  const page = await browser.newPage(options);
  const faults = [];
  page.on('console', message => {
    const isExpected = expected.some(({ path, status }) => message.text().includes(`a status of ${status} `) && new URL(message.location().url).pathname === path);
    if (message.type() === 'error' && !isExpected) faults.push(`console: ${message.text()} ${message.location().url}`);
  });
  page.on('pageerror', error => faults.push(`page: ${error.message}`));
  page.on('request', request => {
    const url = new URL(request.url());
    if (url.protocol !== 'data:' && url.protocol !== 'blob:' && url.origin !== new URL(address).origin) faults.push(`request to ${url.origin}`);
  });
  const reading = [];
  // What the page has in memory came from nowhere.
  page.on('requestfinished', request => request.url().startsWith('http') && reading.push(request.response().then(response => (response ? leaks(response) : [])).catch(() => [])));
  /** What must not have happened, once the last answers are read too. */
  const found = async () => [...faults, ...(await Promise.all(reading)).flat()].join('\n');
  return { browser, page, found };
}

export function check(condition, what) {
  if (!condition) throw new Error(what);
}
