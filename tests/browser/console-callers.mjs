// Who is calling changes while the console is open: nothing of one team is seen by another, or paid by it. Part of console-defects.mjs.
import { check, holdNext, until } from './browser.mjs';
import { drop, inspect, png, shoot } from './console-page.mjs';

/** @param small a token of a team that is called Small; the network identifies Marketing. */
export function callerChanges({ address, page, small, screenshots }) {
  const generate = page.getByRole('button', { name: 'Generate', exact: true });
  const prompt = page.getByLabel('Prompt', { exact: true });
  const who = (name, tab = page) => tab.locator('#who', { hasText: name }).waitFor();
  const isShown = text => page.evaluate(text => document.documentElement.outerHTML.includes(text), text);
  const cookie = async () => (await page.context().cookies()).find(({ name }) => name === 'gateway_session');
  /** As the operator, or its end, does: the page is not part of it. */
  const endSession = async () => check((await fetch(`${address}/v1/session`, { method: 'DELETE', headers: { cookie: `gateway_session=${(await cookie()).value}` } })).ok, 'the session does not end');
  const madeByMarketing = async () => (await (await fetch(`${address}/v1/generations?limit=100`)).json()).generations.length;

  async function signIn() {
    await page.locator('#who').click();
    await page.getByLabel('Gateway token').fill(small);
    await page.keyboard.press('Enter');
    await who('Small');
    await page.locator('#quote .price').waitFor();
  }

  async function signOut() {
    await page.locator('#who').click();
    await page.getByRole('button', { name: 'Sign out' }).click();
  }

  /** @returns how often the page was loaded until the action has ended and the page is quiet. */
  async function loadsDuring(action) {
    let loads = 0;
    const onload = () => loads++;
    page.on('load', onload);
    await action();
    await page.waitForLoadState('networkidle');
    page.off('load', onload);
    return loads;
  }

  return {
    async 'Signing out shows nothing of the team any more, in any tab'() {
      await signIn();
      await prompt.fill('A secret of the small team');
      await page.getByRole('radio', { name: '1', exact: true }).check();
      await generate.click();
      await page.getByRole('article', { name: 'Result: A secret of the small team' }).locator('img').waitFor();
      await page.locator('a.asked').first().click();
      await page.getByRole('dialog').locator('img').first().waitFor();
      await page.keyboard.press('Escape');
      const tab = await page.context().newPage();
      await tab.goto(`${address}/`);
      await who('Small', tab);
      await tab.locator('.result img').first().waitFor();
      const loads = await loadsDuring(async () => {
        await signOut();
        await who('Marketing');
        await page.locator('#quote .price').waitFor();
      });
      check(loads === 1, `the page was loaded ${loads} times`);
      check(!(await isShown('secret of the small team')), 'the last team’s prompt is still on the page');
      await who('Marketing', tab);
      check(!(await tab.content()).includes('secret of the small team'), 'the last team’s prompt is still on the page of the other tab');
      await tab.close();
    },

    async 'A session that ends while a request is written does not make another team pay for it'() {
      await signIn();
      const tab = await page.context().newPage();
      await tab.goto(`${address}/`);
      await who('Small', tab);
      const before = await madeByMarketing();
      await prompt.fill('Paid by nobody');
      await page.locator('#quote .price').waitFor();
      await page.waitForLoadState('networkidle');
      await endSession();
      const loads = await loadsDuring(async () => {
        await generate.click();
        await who('Marketing');
        await page.locator('#quote .price').waitFor();
      });
      check(loads === 1, `the page was loaded ${loads} times`);
      check(!(await isShown('Paid by nobody')), 'the request of the team is offered to the other team');
      check((await madeByMarketing()) === before, 'the other team has made the images');
      await who('Marketing', tab);
      await tab.close();
      if (screenshots) await page.screenshot({ path: `${screenshots}/session-ended.png` });
    },

    async 'Nothing is sent as another team, however this page has missed the change'() {
      const ways = {
        'a request': () => generate.click(),
        'an upload': () => drop(page, ['upload.png', 'image/png', png]),
        'a person who comes back to the window': () => page.evaluate(() => dispatchEvent(new Event('focus'))),
        'a person who comes back to the tab': () => page.evaluate(() => document.dispatchEvent(new Event('visibilitychange'))),
      };
      const sent = [];
      const record = request => request.method() === 'POST' && /\/v1\/uploads$|\/v2\/generations$/.test(request.url()) && sent.push(request.url());
      page.on('request', record);
      for (const [way, act] of Object.entries(ways)) {
        await signIn();
        await prompt.fill('Paid by nobody again');
        await page.waitForLoadState('networkidle');
        // The cookie is gone, and nothing that this page has asked for was refused.
        await page.context().clearCookies({ name: 'gateway_session' });
        await act();
        await who('Marketing');
        await page.locator('#form-note').getByText('You are now Marketing, identified by the network it calls from. This page was that of Small, and nothing more was sent for it.').waitFor();
        check(sent.length === 0, `${way}: ${sent} was sent as the other team`);
        check(!(await isShown('Paid by nobody again')), `${way}: the request of the team is offered to the other team`);
      }
      page.off('request', record);
      if (screenshots) await shoot(page, 'other-caller', screenshots);
    },

    async 'A page that does not learn who is calling offers nothing to send, until it does'() {
      const away = route => route.fulfill({ status: 503, contentType: 'application/problem+json', body: '{"type":"/problems/store-unavailable","title":"The store is away","status":503}' });
      await page.route('**/v1/usage', away);
      await page.reload();
      await page.locator('#stream-problem').getByText('The gateway is not ready').waitFor();
      await page.waitForLoadState('networkidle');
      check(await page.locator('.composer').isHidden(), 'there is a form, though nobody knows who would pay');
      if (screenshots) await shoot(page, 'no-caller', screenshots);
      await page.unroute('**/v1/usage', away);
      await page.locator('#stream-problem').getByRole('button', { name: 'Try again' }).click();
      await who('Marketing');
      await page.locator('#quote .price').waitFor();
      check((await page.locator('#stream-problem').innerText()) === '', 'the reason is still there');

      const noModels = route => route.fulfill({ json: { models: [] } });
      await page.route('**/v2/models', noModels);
      await page.reload();
      const reason = page.locator('#stream-problem');
      await reason.getByRole('heading', { name: 'Your team may not use any model' }).waitFor();
      await page.unroute('**/v2/models', noModels);
      await reason.getByRole('button', { name: 'Try again' }).click();
      await page.locator('#quote .price').waitFor();
    },

    async 'A gateway that does not say who is calling stops a request, and nothing else'() {
      await page.evaluate(() => {
        const real = AbortSignal.timeout.bind(AbortSignal);
        globalThis.limits = [];
        AbortSignal.timeout = milliseconds => (globalThis.limits.push(milliseconds), real(milliseconds / 20));
      });
      const hang = () => {};
      await page.route('**/v1/usage', hang);
      let sent = 0;
      const record = request => (sent += request.method() === 'POST' && request.url().endsWith('/v2/generations'));
      page.on('request', record);
      await prompt.fill('Not sent before it is checked');
      await page.getByRole('radio', { name: '1', exact: true }).check();
      await generate.click();
      const card = page.locator('#form-problem');
      await card.getByText('It could not be checked that you are still Marketing: The gateway did not answer.').waitFor();
      check(sent === 0, 'it was sent');
      check((await page.evaluate(() => globalThis.limits)).includes(10_000), 'the check takes too long');
      if (screenshots) await shoot(page, 'unchecked-caller', screenshots);
      const quote = page.waitForResponse(response => response.url().endsWith('/quote'));
      await page.getByRole('radio', { name: '2', exact: true }).check();
      await quote;
      await page.unroute('**/v1/usage', hang);
      await page.getByRole('radio', { name: '1', exact: true }).check();
      // Nothing was sent: what is sent now is what the form has now.
      await prompt.fill('Corrected before it is sent');
      const request = page.waitForRequest(request => request.method() === 'POST' && request.url().endsWith('/v2/generations'));
      await card.getByRole('button', { name: 'Try again' }).click();
      check((await request).postDataJSON().parameters.prompt === 'Corrected before it is sent', `${(await request).postData()} was sent`);
      await page.getByRole('article', { name: 'Result: Corrected before it is sent' }).locator('img').waitFor();
      check(sent === 1, `it was sent ${sent} times`);
      page.off('request', record);
    },

    async 'What is on its way when the team changes does not reach the next team'() {
      await signIn();
      const held = [];
      const hold = async route => {
        if (route.request().method() !== 'POST') return route.fallback();
        const response = await route.fetch();
        await new Promise(resolve => held.push(resolve));
        // The page that asked is gone.
        await route.fulfill({ response }).catch(() => {});
      };
      const ways = [/\/v1\/uploads$/, /\/v2\/generations$/];
      for (const way of ways) await page.route(way, hold);
      await prompt.fill('On its way');
      await generate.click();
      await drop(page, ['upload.png', 'image/png', png]);
      await until(() => held.length === 2, 'both are on their way');
      await signOut();
      await who('Marketing');
      for (const release of held) release();
      await page.locator('#quote .price').waitFor();
      await page.waitForLoadState('networkidle');
      for (const way of ways) await page.unroute(way);
      check((await page.locator('#references li').count()) === 0, 'the upload is a reference of the other team');
      const kept = await page.evaluate(() => localStorage.getItem('uploads@marketing') ?? '');
      check(!kept.includes('upload.png'), 'the upload is kept for the other team');
      check(!(await isShown('On its way')), 'the generation is in the stream of the other team');
    },

    async 'What programs have queued is shown with its place, and can be cancelled'() {
      await signIn();
      const headers = { authorization: `Bearer ${small}`, 'content-type': 'application/json', prefer: 'respond-async' };
      const sent = await Promise.all(
        Array.from({ length: 80 }, async (_, n) => {
          const body = JSON.stringify({ model: 'flux-pro-2.0', parameters: { prompt: `Queued, number ${n}`, width: 256, height: 256 } });
          return (await fetch(`${address}/v2/generations`, { method: 'POST', headers, body })).status;
        }),
      );
      check(sent.every(status => status === 202), `the jobs are answered ${sent}`);
      // More than are sent in a minute: the last ones are there for a while.
      await page.reload();
      const jobs = page.getByRole('list', { name: / requests in the queue$/ });
      const line = jobs.getByRole('listitem').last();
      await line.getByText(/^Position \d+ · starts in about \d+ (second|minute)s? · sent at \d\d:\d\d$/).waitFor();
      await line.getByText(/^Queued, number \d+$/).waitFor();
      const id = (await line.locator('[id]').getAttribute('id')).replace('job-', '');
      // The answer to a question that was asked before comes after it.
      const late = await holdNext(page, '**/v1/jobs?*');
      await late.isHeld();
      await page.locator(`#job-${id} + button`).click();
      await page.getByRole('dialog').getByText(/“Queued, number \d+”/).waitFor();
      await page.getByRole('button', { name: 'Cancel the request' }).click();
      await page.locator(`#job-${id}`).waitFor({ state: 'detached' });
      await late.release();
      await page.evaluate(() => new Promise(requestAnimationFrame));
      check((await page.locator(`#job-${id}`).count()) === 0, 'the cancelled one is shown again');
      const { job } = await (await fetch(`${address}/v1/jobs/${id}`, { headers })).json();
      check(job.status === 'CANCELED', `the job is ${job.status}`);
      if (screenshots) {
        await shoot(page, 'jobs', screenshots);
        await inspect(page, 'jobs', screenshots);
      }
      await page.getByRole('article', { name: 'Result: Queued' }).first().waitFor();
    },
  };
}
