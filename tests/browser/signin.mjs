// node signin.mjs ADDRESS ISSUER: a person signs in at the organisation's issuer, as a member of a team and as an operator, reloads, and signs out.
import { check, open } from './browser.mjs';

const [address, issuer] = process.argv.slice(2);
const { browser, page, found } = await open(address, {}, [
  // Before the sign-in, and after it has ended.
  { path: /^\/v[12]\//, status: 401 },
  { path: '/signin-oidc', status: 401 },
]);
page.setDefaultTimeout(60_000);
const who = name => page.locator('#who', { hasText: name }).waitFor();

try {
  await page.goto(`${address}/`);
  await who('Not identified');
  await page.locator('#who').click();
  await page.getByRole('link', { name: 'Sign in with your organisation’s account' }).click();
  await who('Team A');
  check(page.url().startsWith(`${address}/`), `the sign-in ends at ${page.url()}`);
  const cookies = await page.context().cookies();
  const session = cookies.find(({ name }) => name === 'gateway_session');
  check(session.httpOnly && session.sameSite === 'Strict', `the cookie is ${JSON.stringify(session)}`);
  await page.reload();
  await who('Team A');
  await page.getByRole('link', { name: 'Operator' }).click();
  await page.getByRole('link', { name: 'Tenants', exact: true }).click();
  await page.locator('#operator-content tbody').getByText('Team A').first().waitFor();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByLabel('Admin token').waitFor();
  await who('Not identified');

  // What was not begun here ends at a page that leads to the issuer again.
  await page.goto(`${address}/signin-oidc?code=1&state=2`);
  await page.getByRole('link', { name: 'Sign in again' }).click();
  await who('Team A');
  const faults = (await found()).split('\n').filter(fault => fault !== '' && fault !== `request to ${issuer}`);
  check(faults.length === 0, faults.join('\n'));
  console.log('ok');
} finally {
  await browser.close();
}
