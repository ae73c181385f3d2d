// What an operator decides: stuck work, grants, suspensions. Each needs a reason, and the part is read again afterwards.
import { post, read } from './api.js';
import { ask } from './ask.js';
import { button, h, say } from './dom.js';
import { count, quotaName, usd, when } from './format.js';
import { quotaBar } from './plots.js';

const quotaMembers = { imagesPerDay: 'images-day', imagesPerMonth: 'images-month', usdPerMonth: 'usd-month' };

const reason = { label: 'Reason', required: true, maxlength: 500, help: 'It is recorded in the audit trail.' };

function act(label, key, run, look) {
  const made = button(label, run, look);
  made.dataset.act = key;
  return made;
}

async function decide({ title, text, fields = {}, go, path, body = values => values, done, touched }, reload) {
  const send = async values => {
    await post(path, body(values));
    say(done);
  };
  // Also after a refusal: the state may have changed in the meantime.
  if (await ask({ title, text, fields: { ...fields, reason }, go, send })) await reload([...touched, 'audit']);
}

export async function stuck(reload) {
  const [{ generations: unknown }, { generations: endless }] = await Promise.all(
    ['unknown', 'stuck'].map(state => read(`admin/generations?state=${state}&limit=200`)),
  );
  if (unknown.length + endless.length === 0) return h('p', { class: 'empty' }, 'Nothing is stuck: every outcome is known and no generation is overdue.');
  return h(
    'div',
    { class: 'work' },
    unknown.length > 0 && [
      h('p', { class: 'lead' }, 'These requests were sent to Leonardo, but no reliable answer came back. Their quota stays held. The gateway resolves most of them by itself. Before you end one by hand, look for its seed in Leonardo’s own list.'),
      h('ul', { class: 'rows' }, unknown.map(entry => stuckRow(entry, reload))),
    ],
    endless.length > 0 && [
      h('p', { class: 'lead' }, 'These generations are charged, and have been running at Leonardo for much longer than they should. They no longer hold a slot, and the gateway keeps asking for them. There is nothing to decide here: ask Leonardo’s support.'),
      h('ul', { class: 'rows' }, endless.map(endlessRow)),
    ],
  );
}

function endlessRow(entry) {
  return h(
    'li',
    {},
    h('p', {}, h('strong', {}, entry.tenant), `, ${count(entry.images, 'image')}, ${usd(entry.chargedUsd)}`, h('br'), h('span', { class: 'small' }, `Sent ${when(entry.forwardedAt)}, stuck since ${when(entry.stuckSince)}, generation `, h('code', {}, entry.generationId))),
  );
}

function stuckRow(entry, reload) {
  const id = entry.reservationId;
  const what = `${count(entry.images, 'image')}, ${usd(entry.usd)}`;
  const details = `${entry.model}, ${entry.width} × ${entry.height}, seed ${entry.seed}`;
  const end = question => () => decide({ ...question, text: `${entry.tenant}, ${what}, seed ${entry.seed}. ${question.text}`, done: 'Done', touched: ['stuck', 'tenants', 'upstream'] }, reload);
  return h(
    'li',
    {},
    h(
      'div',
      { class: 'line' },
      h('p', {}, h('strong', {}, entry.tenant), `, ${what}`, h('br'), h('span', { class: 'small' }, `Sent ${when(entry.forwardedAt ?? entry.reservedAt)}, ${details}, reservation `, h('code', {}, id))),
      h(
        'div',
        { class: 'actions' },
        act('Release', `release-${id}`, end({ title: 'Release this reservation?', text: 'The team gets its quota back and is not charged. Do this if Leonardo made no images.', go: 'Release', path: `admin/generations/${id}/release` })),
        act(
          'Settle',
          `settle-${id}`,
          end({
            title: 'Settle this reservation?',
            text: 'The team is charged. Do this if Leonardo made the images.',
            go: 'Settle',
            path: `admin/generations/${id}/settle`,
            fields: { generationId: { label: 'Generation id at Leonardo, if you found it', help: 'With it, the team gets its images.' } },
            body: ({ generationId, ...rest }) => (generationId === '' ? rest : { generationId, ...rest }),
          }),
        ),
      ),
    ),
  );
}

export async function tenants(reload) {
  const { tenants: all, fileErrors = [], fileSince } = await read('admin/tenants');
  const shared = (all[0]?.quotas ?? []).filter(quota => quota.limit !== null && quota.name.startsWith('org-'));
  return h(
    'ul',
    { class: 'rows' },
    fileErrors.length > 0 && h('li', {}, refusedFile(fileErrors, fileSince)),
    shared.length > 0 && h('li', {}, h('h3', {}, 'The whole organisation'), h('div', { class: 'quotas' }, shared.map(quota => quotaBar({ ...quota, title: quotaName(quota.name.slice(4)) })))),
    all.map(tenant => tenantRow(tenant, reload)),
  );
}

/** Teams work with the last good file, so nobody notices that a change has no effect. */
function refusedFile(errors, since) {
  return h(
    'div',
    { class: 'problem', role: 'alert' },
    h('h3', {}, 'The tenants file is refused'),
    h('p', {}, `It has ${count(errors.length, 'error')}, so its last change has no effect: the file${since ? ` of ${when(since)}` : ''} stays in force. Correct it; it is read again by itself.`),
    h('ul', {}, errors.map(error => h('li', {}, h('code', {}, error)))),
  );
}

function tenantRow(tenant, reload) {
  const path = `admin/tenants/${encodeURIComponent(tenant.id)}`;
  const suspension = tenant.suspended
    ? { title: `Resume ${tenant.name}?`, text: 'Its requests are admitted again.', go: 'Resume', path: `${path}/resume`, done: 'Resumed' }
    : { title: `Suspend ${tenant.name}?`, text: 'All its requests are refused until it is resumed.', go: 'Suspend', path: `${path}/suspend`, done: 'Suspended' };
  // A grant raises a limit; without a limit it would have no effect.
  const limited = Object.entries(quotaMembers).filter(([, name]) => tenant.quotas.some(quota => quota.name === name && quota.limit !== null));
  const grant = {
    title: `Grant ${tenant.name} more`,
    text: 'For the current period only; the tenants file is not changed.',
    fields: {
      quota: { label: 'Quota', options: limited.map(([member, name]) => [member, quotaName(name)]) },
      amount: { label: 'Amount', type: 'number', min: 0, step: 'any', required: true },
    },
    go: 'Grant',
    path: `${path}/grants`,
    body: values => ({ ...values, amount: Number(values.amount) }),
    done: 'Granted',
  };
  return h(
    'li',
    {},
    h(
      'div',
      { class: 'line' },
      h('h3', {}, tenant.name, ' ', h('code', {}, tenant.id), tenant.suspended && h('span', { class: 'tag' }, 'Suspended')),
      h(
        'div',
        { class: 'actions' },
        limited.length > 0 && act('Grant', `grant-${tenant.id}`, () => decide({ ...grant, touched: ['tenants'] }, reload)),
        act(suspension.go, `suspend-${tenant.id}`, () => decide({ ...suspension, touched: ['tenants'] }, reload), tenant.suspended ? 'quiet' : 'danger'),
      ),
    ),
    h('p', { class: 'small' }, [spent(tenant.quotas), ...rules(tenant.policy)].join(' · ')),
    h('div', { class: 'quotas' }, tenant.quotas.filter(quota => quota.limit !== null && !quota.name.startsWith('org-')).map(quotaBar)),
  );
}

function spent(quotas) {
  const used = name => quotas.find(quota => quota.name === name)?.used ?? 0;
  return `${usd(used('usd-month'))} for ${count(used('images-month'), 'image')} this month`;
}

/** The parts of the policy that restrict or allow something. */
const rules = policy =>
  [
    policy.models && `only ${policy.models.join(', ')}`,
    policy.maxQuantity && `at most ${count(policy.maxQuantity, 'image')} per request`,
    policy.maxPixels && `at most ${policy.maxPixels.toLocaleString('en')} pixels`,
    policy.allowPublic && 'may publish to the community feed',
    policy.references === 'any' && 'may use any reference images',
  ].filter(Boolean);
