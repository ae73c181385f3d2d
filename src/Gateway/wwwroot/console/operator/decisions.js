// What an operator decides: grants, suspensions, and the end of a reservation whose outcome is unknown. Each is asked for in a dialog and needs a reason.
import { post } from '../api.js';
import { ask } from '../ask.js';
import { button, say } from '../dom.js';
import { count, quotaName, usd } from '../format.js';

const quotaMembers = { imagesPerDay: 'images-day', imagesPerMonth: 'images-month', usdPerMonth: 'usd-month' };

const reason = { label: 'Reason', required: true, maxlength: 500, help: 'It is recorded in the audit trail.' };

function act(label, key, run, look) {
  const made = button(label, run, look);
  made.dataset.act = key;
  return made;
}

async function decide({ title, text, fields = {}, go, path, body = values => values, done }, again) {
  const send = async values => {
    await post(path, body(values));
    say(done);
  };
  // Also after a refusal: the state may have changed in the meantime.
  if (await ask({ title, text, fields: { ...fields, reason }, go, send })) await again();
}

const pathOf = tenant => `admin/tenants/${encodeURIComponent(tenant.id)}`;

/** @returns null where no limit can be raised. */
export function grantButton(tenant, again) {
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
    path: `${pathOf(tenant)}/grants`,
    body: values => ({ ...values, amount: Number(values.amount) }),
    done: 'Granted',
  };
  return limited.length > 0 ? act('Grant', `grant-${tenant.id}`, () => decide(grant, again)) : null;
}

export function suspendButton(tenant, again) {
  const suspension = tenant.suspended
    ? { title: `Resume ${tenant.name}?`, text: 'Its requests are admitted again.', go: 'Resume', path: `${pathOf(tenant)}/resume`, done: 'Resumed' }
    : { title: `Suspend ${tenant.name}?`, text: 'All its requests are refused until it is resumed.', go: 'Suspend', path: `${pathOf(tenant)}/suspend`, done: 'Suspended' };
  return act(suspension.go, `suspend-${tenant.id}`, () => decide(suspension, again), tenant.suspended ? 'quiet' : 'danger');
}

/** Of a reservation whose outcome is unknown, or was written off. */
export function endButtons(entry, again) {
  const id = entry.reservationId;
  const what = `${entry.tenant}, ${count(entry.images, 'image')}, ${usd(entry.usd)}, seed ${entry.seed}.`;
  const end = ({ text, ...question }) => () => decide({ ...question, text: `${what} ${text}`, done: 'Done' }, again);
  return [
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
  ];
}
