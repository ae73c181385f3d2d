// Opens a page in Chromium and keeps account of what must not happen: errors on the console, and requests that leave the gateway.
import { chromium } from 'playwright-core';

export async function open(address, options = {}) {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
  const page = await browser.newPage(options);
  const faults = [];
  page.on('console', message => {
    if (message.type() === 'error') faults.push(`console: ${message.text()}`);
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
