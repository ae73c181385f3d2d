// node typescript.mjs ADDRESS PROGRAM: generates types from the served document, compiles typescript/drive.ts and the program of
// docs/clients.md with them in strict mode, and runs both.
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import openapiTS, { astToString } from 'openapi-typescript';
import ts from 'typescript';

const [address, documented] = process.argv.slice(2);
await mkdir('run', { recursive: true });
// Below this folder, so that the packages are found.
const folder = await mkdtemp('run/typescript-');
try {
  // As its documentation says for files: https://openapi-ts.dev/node#example-blob-types
  const blob = ts.factory.createTypeReferenceNode(ts.factory.createIdentifier('Blob'));
  const schema = await openapiTS(new URL(`${address}/openapi/v1.json`), { transform: one => (one.format === 'binary' ? blob : undefined) });
  await writeFile(`${folder}/schema.ts`, astToString(schema));
  await writeFile(`${folder}/package.json`, '{ "type": "module" }');
  await copyFile('typescript/drive.ts', `${folder}/drive.ts`);
  await writeFile(`${folder}/documented.ts`, (await readFile(documented, 'utf8')).replace('http://localhost:8080', address));
  const program = ts.createProgram([`${folder}/drive.ts`, `${folder}/documented.ts`], {
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    noUnusedLocals: true,
    skipLibCheck: true,
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    lib: ['lib.es2023.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts'],
    types: [],
  });
  const diagnostics = ts.getPreEmitDiagnostics(program);
  if (diagnostics.length > 0) throw new Error(ts.formatDiagnostics(diagnostics, { getCanonicalFileName: name => name, getCurrentDirectory: () => folder, getNewLine: () => '\n' }));
  program.emit();
  const { drive } = await import(pathToFileURL(`${folder}/drive.js`).href);
  await drive(address);
  // It shows no credential, and this gateway wants one.
  const direct = globalThis.fetch;
  globalThis.fetch = request => {
    request.headers.set('authorization', 'Bearer a');
    return direct(request);
  };
  await import(pathToFileURL(`${folder}/documented.js`).href);
  console.log('ok');
} finally {
  await rm(folder, { recursive: true });
}
