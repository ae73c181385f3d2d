// Requests that are on their way to the gateway: that of this tab, and those of the other tabs, which say so again and again.
import { otherTabs } from './api.js';
import { $, emit, h, on } from './dom.js';
import { sendingEntry } from './entry.js';
import { isOfTeam, ofTeam } from './store.js';

const sayAgain = 2_000;
/** A tab that has said nothing for so long is gone. */
const silence = 10_000;

/** Those that are shown, by key: the element, and for one of another tab what removes it. */
const shown = new Map();
let own = null;
let timer = 0;

const tellOthers = () => own && otherTabs?.postMessage(ofTeam({ sending: own }));

/** A tab that is opened meanwhile asks for what it has not heard. */
export const askOthers = () => otherTabs?.postMessage(ofTeam({ asks: true }));

function show({ key, request, text }) {
  if (!shown.has(key)) {
    const card = h('article', { class: 'result', 'data-key': key, 'aria-busy': 'true', 'aria-label': `Sending: ${request.parameters.prompt.slice(0, 80)}` }, sendingEntry(request));
    shown.set(key, { card });
    $('#sending').prepend(card);
    emit('sending-changed');
  }
  const { card } = shown.get(key);
  if (text) $('[data-sending]', card).textContent = text;
  return card;
}

function hide(key) {
  clearTimeout(shown.get(key)?.removal);
  shown.get(key)?.card.remove();
  if (shown.delete(key)) emit('sending-changed');
}

function end() {
  if (!own) return;
  const { key } = own;
  own = null;
  clearInterval(timer);
  hide(key);
  otherTabs?.postMessage(ofTeam({ sent: key }));
}

on('generation-sending', sent => {
  own = sent;
  const { top } = show(own).getBoundingClientRect();
  if (top < 0 || top + 200 > innerHeight) shown.get(own.key).card.scrollIntoView({ block: 'start' });
  tellOthers();
  timer = setInterval(tellOthers, sayAgain);
});
on('generation-queued', text => {
  if (!own) return;
  own = { ...own, text };
  show(own);
  tellOthers();
});
on('generation-sent', end);
addEventListener('pagehide', end);

otherTabs?.addEventListener('message', ({ data }) => {
  if (!isOfTeam(data)) return;
  if (data.asks) tellOthers();
  if (data.sent) hide(data.sent);
  if (!data.sending) return;
  show(data.sending);
  const entry = shown.get(data.sending.key);
  clearTimeout(entry.removal);
  entry.removal = setTimeout(hide, silence, data.sending.key);
});
