// Opens a page in Chromium and keeps account of what must not happen: errors on the console, and requests that leave the gateway.
import { chromium } from 'playwright-core';

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
  return { browser, page, faults };
}

export function check(condition, what) {
  if (!condition) throw new Error(what);
}
