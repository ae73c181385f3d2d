// Holds Kubernetes manifests to the schemas of the API and of the Prometheus operator, offline: types, required members, permitted values, and members that the API does not know,
// which it would drop without a word.
// usage: node manifests.mjs FILE…
import { readFileSync } from 'node:fs';
import { parseAllDocuments } from 'yaml';

/** The same value, which remembers the members that a validator did not ask for: those are not in its schema. */
function watched(value, pointer, strangers) {
  if (typeof value !== 'object' || value === null) return value;
  const parts = Object.fromEntries(Object.entries(value).map(([name, part]) => [name, watched(part, `${pointer}/${name}`, strangers)]));
  for (const name of Object.keys(value)) strangers.add(`${pointer}/${name}`);
  return new Proxy(Array.isArray(value) ? Object.values(parts) : parts, {
    get(target, name) {
      strangers.delete(`${pointer}/${String(name)}`);
      return target[name];
    },
  });
}

async function faultsOf(manifest) {
  const { apiVersion, kind } = manifest;
  const schemas = apiVersion.startsWith('monitoring.coreos.com/') ? '@kubernetes-models/prometheus-operator' : 'kubernetes-models';
  const model = await import(`${schemas}/${apiVersion}/${kind}`).catch(() => null);
  if (!model) return [`${apiVersion} ${kind}: the API has no such kind`];
  const strangers = new Set();
  const what = `${kind} ${manifest.metadata?.name}`;
  try {
    // Not on an instance: that would be a copy.
    model[kind].prototype.validate.call(watched(manifest, '', strangers));
  } catch (error) {
    return [`${what}: ${error.message}`];
  }
  return [...strangers].map(pointer => `${what}: ${pointer} is not in the schema`);
}

let documents = 0;
const faults = [];
for (const file of process.argv.slice(2)) {
  for (const document of parseAllDocuments(readFileSync(file, 'utf8'))) {
    documents++;
    faults.push(...document.errors.map(error => `${file}: ${error.message}`), ...(await faultsOf(document.toJS())));
  }
}
console.log([...faults, `${documents} documents, ${faults.length} faults`].join('\n'));
process.exitCode = faults.length > 0 || documents === 0 ? 1 : 0;
