// What programs of the team have queued as jobs: its place, when it starts, and a way to cancel it.
import { read, send } from './api.js';
import { ask } from './ask.js';
import { $, emit, h, say } from './dom.js';
import { count, span, timeOf } from './format.js';

const pauseSeconds = 3;
const most = 100;
/** The elements of the jobs that are shown, by id: a button keeps its focus while its line changes. */
let lines = new Map();
let timer = 0;
/** Reads, and the latest whose answer is shown: an older answer comes too late. */
let reads = 0;
let latest = 0;

/** Reads them again until none is queued. */
export async function showJobs() {
  const number = ++reads;
  const answer = await read(`v1/jobs?status=QUEUED&limit=${most}`).catch(() => null);
  if (!answer || number < latest) return;
  latest = number;
  const jobs = answer.jobs.sort((one, other) => one.position - other.position);
  const earlier = lines;
  lines = new Map(jobs.map(job => [job.id, earlier.get(job.id) ?? newLine(job)]));
  for (const job of jobs) $('.place', lines.get(job.id)).textContent = describe(job);
  show(jobs);
  if ([...earlier.keys()].some(id => !lines.has(id))) emit('job-left');
  clearTimeout(timer);
  if (jobs.length > 0 && !document.hidden) timer = setTimeout(showJobs, pauseSeconds * 1000);
}

function show(jobs) {
  const box = $('#jobs');
  box.hidden = jobs.length === 0;
  if (box.hidden) return box.replaceChildren();
  if (!box.firstChild) box.append(h('h2', { id: 'title-jobs' }), h('ol', { 'aria-labelledby': 'title-jobs' }));
  // The last place is their number, also where not all were read.
  $('h2', box).textContent = `${count(Math.max(...jobs.map(job => job.position)), 'request')} in the queue`;
  const list = $('ol', box);
  const wanted = jobs.map(job => lines.get(job.id));
  for (const line of [...list.children]) if (!wanted.includes(line)) line.remove();
  // A line that is moved would lose the focus.
  wanted.forEach((line, at) => list.children[at] === line || list.insertBefore(line, list.children[at] ?? null));
}

function newLine(job) {
  const name = `job-${job.id}`;
  const prompt = job.request?.parameters.prompt ?? 'A request';
  return h(
    'li',
    { class: 'line' },
    h('div', { id: name }, h('p', { class: 'asked', title: prompt }, prompt), h('p', { class: 'state place' })),
    h('button', { type: 'button', class: 'quiet', 'aria-describedby': name, onclick: () => cancel(job.id, prompt) }, 'Cancel'),
  );
}

function describe({ position, estimatedStart, createdAt }) {
  const seconds = estimatedStart && (new Date(estimatedStart) - Date.now()) / 1000;
  return [`Position ${position.toLocaleString('en')}`, seconds && `starts in about ${span(seconds)}`, `sent at ${timeOf(createdAt)}`].filter(Boolean).join(' · ');
}

async function cancel(id, prompt) {
  const isSent = await ask({
    title: 'Cancel this request?',
    text: `“${prompt.slice(0, 200)}”. A program of your team has sent it. It has not reached Leonardo, and nothing is charged.`,
    go: 'Cancel the request',
    keep: 'Keep it',
    isDanger: true,
    send: async () => {
      await send('DELETE', `v1/jobs/${id}`);
      say('The request is cancelled');
    },
  });
  if (!isSent) return;
  await showJobs();
  ($('#jobs button') ?? $('#page')).focus();
}
