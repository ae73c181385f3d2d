// Days, sums and the forecast, for several pages. Days are in UTC, as in the ledger.
import { read } from '../api.js';
import { h } from '../dom.js';
import { usd } from '../format.js';

const day = 86_400_000;
const dayText = date => new Date(date).toISOString().slice(0, 10);

/** Whole UTC days up to today. @param length in days, or `month` for the current one. */
export function periodOf(length) {
  const today = new Date();
  const days = length === 'month' ? today.getUTCDate() : Number(length);
  const all = Array.from({ length: days }, (_, back) => dayText(today - (days - 1 - back) * day));
  const [from, to] = [all[0], all.at(-1)];
  const before = length === 'month' ? lastMonth(today) : { from: dayText(Date.parse(from) - days * day), to: dayText(Date.parse(from) - day) };
  return { all, from, to, before };
}

/** The same part of the month before. */
function lastMonth(today) {
  const [year, month] = [today.getUTCFullYear(), today.getUTCMonth()];
  const last = new Date(Date.UTC(year, month, 0));
  return { from: dayText(Date.UTC(year, month - 1, 1)), to: dayText(Date.UTC(year, month - 1, Math.min(today.getUTCDate(), last.getUTCDate()))) };
}

/** A sum of many images: whole cents. */
export const cents = amount => usd(Math.round(Number(amount) * 100) / 100);

export const sum = (rows, of = row => Number(row.usd)) => rows.reduce((total, row) => total + of(row), 0);

/** Every day of the period in order, also those without a charge. */
export function byDay(all, rows) {
  const sums = new Map(all.map(each => [each, 0]));
  for (const row of rows) if (sums.has(row.day)) sums.set(row.day, sums.get(row.day) + Number(row.usd));
  return [...sums].map(([each, value]) => ({ day: each, value }));
}

/** The organisation's quotas are listed with every tenant. */
export const quotaOf = (tenants, name) => tenants[0]?.quotas.find(quota => quota.name === name);

/** What the month will cost if the days to come are like the last seven complete ones. */
export async function readForecast() {
  const now = new Date();
  const monthBegin = dayText(Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), 1));
  const weekBegin = dayText(now - 7 * day);
  const { rows } = await read(`admin/usage?by=day&from=${monthBegin < weekBegin ? monthBegin : weekBegin}&to=${dayText(now)}`);
  const spent = sum(rows.filter(row => row.day >= monthBegin));
  const perDay = sum(rows.filter(row => row.day >= weekBegin && row.day < dayText(now))) / 7;
  const days = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1, 0)).getUTCDate();
  const today = sum(rows.filter(row => row.day === dayText(now)));
  // Today counts as a usual day unless it is over that already.
  const forecast = spent - today + Math.max(today, perDay) + perDay * (days - now.getUTCDate());
  return { spent, perDay, forecast, days, today };
}

/** @param heading its level, such as `h2`. */
export const figure = (heading, label, value, text, isBad) =>
  h('div', { class: 'total' }, h(heading, {}, label), h('p', { class: isBad ? 'figure bad' : 'figure' }, value), h('p', { class: 'small' }, text));
