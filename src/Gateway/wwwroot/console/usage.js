// Which team is calling, and what it has left.
import { readUsage } from './api.js';
import { $, h } from './dom.js';
import { count, quotaName, usd } from './format.js';
import { quotaBar } from './plots.js';
import { cardFor } from './problems.js';
import { whoIs } from './words.js';

export async function showUsage() {
  try {
    const usage = await readUsage();
    const limited = usage.quotas.filter(quota => quota.limit !== null);
    const own = limited.filter(quota => !quota.name.startsWith('org-'));
    const organisation = limited.filter(quota => quota.name.startsWith('org-'));
    $('#usage-figures').replaceChildren(
      h('p', { class: 'lead' }, `You are ${whoIs(usage.tenant)}.`),
      h('div', { class: 'totals' }, total('Today', usage.totals.today), total('This month', usage.totals.month)),
      h('h2', {}, 'Quotas of your team'),
      own.length > 0 ? h('div', { class: 'quotas' }, own.map(quotaBar)) : h('p', {}, 'No quotas are set.'),
      ...(organisation.length > 0 ? [h('h2', {}, 'Quotas of the whole organisation'), h('div', { class: 'quotas' }, organisation.map(quota => quotaBar({ ...quota, title: quotaName(quota.name.slice(4)) })))] : []),
      h('p', { class: 'small' }, 'Used has been charged. Held (hatched) is reserved for requests whose outcome is not known yet. Days and months are in UTC.'),
    );
  } catch (fault) {
    $('#usage-figures').replaceChildren(cardFor(fault));
  }
}

function total(label, sum) {
  return h('div', { class: 'total' }, h('h2', {}, label), h('p', { class: 'figure' }, usd(sum.usd)), h('p', { class: 'small' }, `${count(sum.images, 'image')} in ${count(sum.generations, 'generation')}`));
}
