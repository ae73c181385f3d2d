// node console-words.mjs PROBLEMS QUOTAS: whether the console has words of its own for each, which are not those for programs. The names are separated by commas.
import { quotaName } from '../../src/Gateway/wwwroot/console/format.js';
import { explain } from '../../src/Gateway/wwwroot/console/words.js';

const [problems, quotas] = process.argv.slice(2).map(names => names.split(',').filter(Boolean));
const forPrograms = 'For programs';
const wordless = [
  ...problems.filter(name => explain({ type: `/problems/${name}`, title: forPrograms, detail: forPrograms }).some(text => !text || text === forPrograms)),
  ...quotas.filter(name => quotaName(name) === name),
];
if (problems.length === 0 || quotas.length === 0 || wordless.length > 0) {
  console.error(`The console has no words for ${wordless.join(', ') || 'anything: no names were given'}.`);
  process.exit(1);
}
