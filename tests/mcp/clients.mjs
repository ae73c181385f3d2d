// Two MCP clients, one for each revision of the protocol that hosts speak, do what a host does with the gateway.
// usage: node clients.mjs QUICK SLOW   two gateways; the generations of the second take longer than a call waits.
// The tenants a and b have the tokens "a" and "b"; b may make 4 images a day. This machine's network is the tenant "team".
import { Client as Current, StreamableHTTPClientTransport as CurrentTransport } from "@modelcontextprotocol/client";
import { Client as Earlier } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as EarlierTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";

const [quick, slow] = process.argv.slice(2);
const secrets = (process.env.SECRETS ?? "").split("\n").filter(Boolean);
const responses = [];
const revisions = new Set();

// Every response is searched for what must not leave the gateway; the revision is the one on the wire.
async function observed(input, init) {
  const response = await fetch(input, init);
  const revision = new Headers(init?.headers).get("mcp-protocol-version");
  if (revision) revisions.add(revision);
  const head = JSON.stringify([...response.headers]);
  responses.push(
    response
      .clone()
      .text()
      .then((text) => head + text, () => head),
  );
  return response;
}

function options(headers) {
  return { fetch: observed, requestInit: { headers } };
}

const clients = {
  "2026-07-28": {
    async connect(address, headers) {
      const client = new Current({ name: "tests", version: "1.0.0" }, { versionNegotiation: { mode: { pin: "2026-07-28" } } });
      await client.connect(new CurrentTransport(new URL(`${address}/mcp`), options(headers)));
      return client;
    },
    call: (client, name, args, more) => client.callTool({ name, arguments: args }, more),
    missing: -32602,
  },
  "2025-11-25": {
    async connect(address, headers) {
      const client = new Earlier({ name: "tests", version: "1.0.0" });
      await client.connect(new EarlierTransport(new URL(`${address}/mcp`), options(headers)));
      return client;
    },
    call: (client, name, args, more) => client.callTool({ name, arguments: args }, undefined, more),
    missing: -32002,
  },
};

const as = (token) => ({ authorization: `Bearer ${token}` });
const small = { width: 256, height: 256 };
const images = (result) => result.content.filter((block) => block.type === "image");
const png =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

function refusal(result) {
  assert.equal(result.isError, true, JSON.stringify(result));
  const { problem } = result.structuredContent;
  assert.equal(result.content[0].text, `${problem.title}. ${problem.detail}`);
  return problem;
}

async function drive(revision, { connect, call, missing }) {
  revisions.clear();
  const a = await connect(quick, as("a"));
  const b = await connect(quick, as("b"));
  const tool = (name, args, more) => call(a, name, args, more);
  assert.equal(a.getServerVersion().name, "leonardo-gateway");

  // The list of tools.
  const { tools } = await a.listTools();
  assert.deepEqual(tools.map((one) => one.name).sort(), [
    "delete_generation",
    "generate_image",
    "get_generation",
    "list_generations",
    "list_models",
    "quota",
    "quote_image",
    "upload_reference",
  ]);

  // Generate, with progress, and get the image itself.
  const steps = [];
  const made = await tool("generate_image", { prompt: `A cat ${revision}`, ...small }, { onprogress: (step) => steps.push(step) });
  assert.equal(made.isError ?? false, false, JSON.stringify(made));
  assert.equal(made.structuredContent.status, "COMPLETE");
  assert.ok(steps.length > 0 && steps.every((step, i) => i === 0 || step.progress > steps[i - 1].progress), JSON.stringify(steps));
  const [image] = images(made);
  assert.equal(image.mimeType, "image/jpeg");
  const bytes = Buffer.from(image.data, "base64");
  assert.equal(bytes.readUInt16BE(0), 0xffd8);
  const [listed] = made.structuredContent.images;
  assert.deepEqual(Buffer.from(await (await fetch(listed.url, { headers: as("a") })).arrayBuffer()), bytes);
  assert.ok(Number(made.structuredContent.cost.amount) > 0);
  const id = made.structuredContent.id;

  // The same by reading: a tool, the list, resources.
  const got = await tool("get_generation", { id });
  assert.deepEqual(got.structuredContent.images, made.structuredContent.images);
  assert.deepEqual(got.structuredContent.cost, made.structuredContent.cost);
  const list = await tool("list_generations", { limit: 1 });
  assert.equal(list.structuredContent.generations[0].id, id);
  assert.ok((await tool("list_models", {})).structuredContent.models.length > 0);
  const uri = `leonardo://generations/${id}/images/${listed.id}`;
  const resource = (await a.readResource({ uri })).contents[0];
  assert.deepEqual(Buffer.from(resource.blob, "base64"), bytes);
  assert.equal((await a.listResources()).resources.length, 2);
  assert.equal(
    (await a.listResourceTemplates()).resourceTemplates[0].uriTemplate,
    "leonardo://generations/{id}/images/{imageId}",
  );

  // A reference.
  const upload = await tool("upload_reference", { data: png, type: "image/png" });
  const guided = { prompt: `With a hat ${revision}`, ...small, reference_images: [upload.structuredContent.id, listed.id] };
  assert.equal((await tool("generate_image", guided)).structuredContent.status, "COMPLETE");

  // A quota.
  const before = (await tool("quota", {})).structuredContent;
  assert.equal(before.tenant.id, "a");
  const tooMany = refusal(await call(b, "generate_image", { prompt: "Too many", quantity: 8, ...small }));
  assert.equal(tooMany.type, "/problems/quota-exceeded");
  assert.deepEqual(tooMany["violated-policies"], ["images-day"]);

  // A refused argument: all violations, as natively. A wrong type is an error of the protocol.
  const invalid = refusal(await tool("generate_image", { prompt: " ", width: 100, style: "Crayon" }));
  assert.equal(invalid.type, "/problems/validation");
  assert.deepEqual(invalid.errors.map((error) => error.pointer).sort(), ["#/parameters/prompt", "#/parameters/width", "#/style"]);
  await assert.rejects(tool("generate_image", { prompt: "A cat", quantity: "two" }), { code: -32602 });
  await assert.rejects(tool("make_coffee", {}), { code: -32602 });

  // Another tenant's id is an id that does not exist.
  for (const name of ["get_generation", "delete_generation"]) {
    const theirs = refusal(await call(b, name, { id }));
    const unknown = refusal(await call(b, name, { id: randomUUID() }));
    assert.equal(theirs.type, "/problems/not-found");
    assert.deepEqual({ ...theirs, instance: "", traceId: "" }, { ...unknown, instance: "", traceId: "" });
  }
  await assert.rejects(b.readResource({ uri }), { code: missing });

  // What is not ready is PENDING, and done later.
  const patient = await connect(slow, as("a"));
  const pending = await call(patient, "generate_image", { prompt: `A slow cat ${revision}`, ...small });
  assert.equal(pending.structuredContent.status, "PENDING", JSON.stringify(pending));
  assert.equal(images(pending).length, 0);
  const done = await call(patient, "get_generation", { id: pending.structuredContent.id, wait_seconds: 45 });
  assert.equal(done.structuredContent.status, "COMPLETE");
  assert.equal(images(done).length, 1);

  assert.deepEqual((await tool("delete_generation", { id })).structuredContent, { deleted: id });
  assert.equal(refusal(await tool("get_generation", { id })).type, "/problems/not-found");

  // No credential and a placeholder are the network; a bad one is nobody; a page of another site is refused.
  for (const headers of [{}, as("none"), { authorization: "Bearer" }]) {
    const team = await connect(quick, headers);
    assert.equal((await call(team, "quota", {})).structuredContent.tenant.id, "team");
  }
  await assert.rejects(connect(quick, as("mistyped")));
  await assert.rejects(connect(quick, { origin: "https://elsewhere.example" }), /403|cross-site|Forbidden/);
  await assert.rejects(connect(quick, { "sec-fetch-site": "cross-site" }), /403|cross-site|Forbidden/);

  assert.deepEqual([...revisions], [revision]);
}

for (const [revision, client] of Object.entries(clients)) await drive(revision, client);
for (const text of await Promise.all(responses))
  for (const secret of secrets) assert.ok(!text.toLowerCase().includes(secret.toLowerCase()), "a response holds a secret");
process.exit(0);
