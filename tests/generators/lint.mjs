// node lint.mjs FILE...: Spectral and Redocly find neither an error nor a warning in OpenAPI documents.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const files = process.argv.slice(2);
const rules = new URL('../../openapi/', import.meta.url).pathname;
const run = promisify(execFile);

/** What a linter prints: it exits with another status than 0 if it finds something. */
async function output(name, ...args) {
  const environment = { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' };
  try {
    return (await run(process.execPath, [new URL(`node_modules/${name}`, import.meta.url).pathname, ...args], { env: environment, maxBuffer: 1e8 })).stdout;
  } catch (error) {
    if (!error.stdout) throw error;
    return error.stdout;
  }
}

async function spectral() {
  const found = JSON.parse(await output('@stoplight/spectral-cli/dist/index.js', 'lint', '--ruleset', `${rules}spectral.yaml`, '--format', 'json', '--quiet', ...files));
  return found.map(one => `spectral ${one.code}: ${one.message} ${one.source} ${one.path.join('/')}`);
}

async function redocly() {
  const printed = await output('@redocly/cli/bin/cli.js', 'lint', '--config', `${rules}redocly.yaml`, '--format', 'json', '--max-problems', '1000', ...files);
  // One object for each file.
  const found = JSON.parse(`[${printed.replaceAll('\n}{', '\n},{')}]`);
  if (found.length !== files.length) throw new Error(`Redocly has checked ${found.length} of ${files.length} files`);
  return found.flatMap(one => one.problems).map(one => `redocly ${one.ruleId}: ${one.message} ${one.location[0]?.source.ref} ${one.location[0]?.pointer}`);
}

const found = (await Promise.all([spectral(), redocly()])).flat();
if (found.length > 0) {
  console.error(found.slice(0, 100).join('\n'));
  process.exit(1);
}
console.log('ok');
