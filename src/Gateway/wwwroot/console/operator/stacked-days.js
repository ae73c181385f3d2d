// One column per day, stacked by tenant, with the budget of a day as a line. The table beside it has the figures.
import { h, svg } from '../dom.js';
import { cents } from './figures.js';

/** @param teams those with a colour of their own, the largest first; @param budget of a day, or null. */
export function stackedDays(days, rows, teams, budget) {
  const rank = new Map(teams.map((team, index) => [team.id, index]));
  const stacks = new Map(days.map(day => [day, Array(teams.length + 1).fill(0)]));
  for (const row of rows) {
    const stack = stacks.get(row.day);
    if (stack) stack[rank.get(row.tenant) ?? teams.length] += Number(row.usd);
  }
  const totals = [...stacks].map(([day, stack]) => ({ day, stack, total: stack.reduce((sum, value) => sum + value, 0) }));
  const highest = Math.max(0, ...totals.map(({ total }) => total));
  const most = Math.max(highest, budget ?? 0) * 1.05;
  const [width, height] = [900, 220];
  const step = width / days.length;
  const gap = days.length > 60 ? 1 : 3;
  const scale = value => (most > 0 ? (value / most) * height : 0);
  const sum = totals.reduce((all, { total }) => all + total, 0);
  const words = `All tenants by day: ${cents(sum)} in ${days.length} days, at most ${cents(highest)} in one${budget === null ? '' : `; the budget is ${cents(budget)} a day`}`;
  return h(
    'figure',
    { class: 'plot stacked' },
    svg(
      'svg',
      { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: 'none', role: 'img', 'aria-label': words },
      totals.map(({ day, stack, total }, index) => column(day, stack, total, index * step + gap / 2, Math.max(1, step - gap), teams, scale, height)),
      budget !== null && svg('line', { class: 'budget', x1: 0, x2: width, y1: height - scale(budget), y2: height - scale(budget) }),
      svg('line', { class: 'axis', x1: 0, x2: width, y1: height - 0.5, y2: height - 0.5 }),
    ),
    h('figcaption', { class: 'small line' }, h('span', {}, days[0]), h('span', {}, `highest ${cents(highest)}`, budget === null ? '' : `; dashed: ${cents(budget)}, the budget of a day`), h('span', {}, days.at(-1))),
    h('ul', { class: 'legend small' }, [...teams.map((team, index) => [index, team.name]), ...(totals.some(({ stack }) => stack.at(-1) > 0) ? [['rest', 'all others']] : [])].map(([key, name]) => h('li', { class: 'named' }, h('span', { class: `swatch s${key}`, 'aria-hidden': 'true' }), name))),
  );
}

function column(day, stack, total, x, width, teams, scale, height) {
  let y = height;
  const parts = stack.map((value, index) => {
    if (value === 0) return null;
    const tall = scale(value);
    y -= tall;
    return svg('rect', { class: `s${index < teams.length ? index : 'rest'}`, x, y, width, height: tall }, svg('title', {}, `${day}: ${teams[index]?.name ?? 'all others'} ${cents(value)} of ${cents(total)}`));
  });
  return svg('g', {}, parts);
}
