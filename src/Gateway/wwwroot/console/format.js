// Numbers and times as text.

/** Dollars from a decimal string; small amounts that are not whole cents keep four decimals, because an image costs cents. */
export function usd(amount) {
  const value = Number(amount);
  const digits = Math.abs(value) < 10 && Math.round(value * 10_000) % 100 !== 0 ? 4 : 2;
  return '$' + value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

export const count = (n, one, many = one + 's') => `${Number(n).toLocaleString('en')} ${Number(n) === 1 ? one : many}`;

/** Leonardo writes times without a zone; they are UTC. */
export function moment(text) {
  return new Date(/[zZ]|[+-]\d\d:\d\d$/.test(text) ? text : text + 'Z');
}

export function when(text) {
  return moment(text).toLocaleString('en-GB', { day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit' });
}

/** As the ledger, the logs and the filters of an operator have it. */
export function whenUtc(text) {
  return moment(text).toLocaleString('en-GB', { day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit', timeZone: 'UTC' });
}

// A list has thousands of them, and to make a format takes longer than to use it.
const dayFormat = new Intl.DateTimeFormat('en-GB', { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' });
const timeFormat = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });

/** In the reader's own time zone. */
export function dayOf(text) {
  const days = Math.round((new Date().setHours(0, 0, 0, 0) - moment(text).setHours(0, 0, 0, 0)) / 86_400_000);
  if (days === 0) return 'Today';
  if (days === 1) return 'Yesterday';
  return dayFormat.format(moment(text));
}

export const timeOf = text => timeFormat.format(moment(text));

/** How long until then: "in 3 hours". */
export function until(text) {
  return 'in ' + span((moment(text) - Date.now()) / 1000);
}

export function span(seconds) {
  if (seconds < 90) return count(Math.max(1, Math.round(seconds)), 'second');
  if (seconds < 5400) return count(Math.round(seconds / 60), 'minute');
  if (seconds < 36 * 3600) return count(Math.round(seconds / 3600), 'hour');
  return count(Math.round(seconds / 86400), 'day');
}

const quotas = {
  'requests-minute': 'Requests per minute',
  'uploads-minute': 'Uploads per minute',
  'reads-minute': 'Downloads per minute',
  'concurrent-streams': 'Images, uploads and waits at once',
  'images-day': 'Images per day',
  'images-month': 'Images per month',
  'usd-month': 'Dollars per month',
  'concurrent-generations': 'Concurrent generations',
  'jobs-queued': 'Requests that wait to be sent',
};

/** A quota's name in words, with a suffix for the organisation's. */
export function quotaName(name) {
  const own = name.replace(/^org-/, '');
  const words = quotas[own] ?? own;
  return own === name ? words : `${words}, whole organisation`;
}

export const quotaAmount = (name, value) => (name.includes('usd') ? usd(value) : Number(value).toLocaleString('en'));
