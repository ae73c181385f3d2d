// A request as a program: sent, waited for, and its images saved. The body is that of the request, unchanged.
import { freshKey, isSignedIn } from './api.js';

const address = () => new URL('v2/generations', document.baseURI).href;
const pretty = request => JSON.stringify(request, null, 2);

function curl(request, findUrls = `jq -r '.generations_by_pk.generated_images[].url'`) {
  const quoted = text => `'${text.replaceAll("'", `'\\''`)}'`;
  // The token itself does not go to the clipboard.
  const token = isSignedIn() ? [`-H "authorization: Bearer $GATEWAY_TOKEN"`] : [];
  const lines = [
    `curl ${address()}`,
    `-sS --fail-with-body`,
    `-H 'content-type: application/json'`,
    `-H 'Idempotency-Key: ${freshKey()}'`,
    `-H 'Prefer: wait=120'`,
    ...token,
    `-d ${quoted(pretty(request))}`,
  ];
  const save = ['xargs -n 1 curl -sSOJ', ...token].join(' ');
  return [...lines, `| ${findUrls} | ${save}`].join(' \\\n  ');
}

const curlWithoutJq = request => curl(request, `grep -o '"url":"[^"]*"' | cut -d '"' -f 4`);

function pythonLiteral(value, indent = '') {
  const inner = indent + '    ';
  if (value === true) return 'True';
  if (value === false) return 'False';
  if (value === null) return 'None';
  if (Array.isArray(value)) return `[${value.map(each => pythonLiteral(each, indent)).join(', ')}]`;
  if (typeof value !== 'object') return JSON.stringify(value);
  return `{\n${Object.entries(value).map(([name, each]) => `${inner}${JSON.stringify(name)}: ${pythonLiteral(each, inner)},\n`).join('')}${indent}}`;
}

function python(request) {
  return `import json, os, urllib.request

token = ${isSignedIn() ? '{"authorization": "Bearer " + os.environ["GATEWAY_TOKEN"]}' : '{}'}
body = ${pythonLiteral(JSON.parse(JSON.stringify(request)))}
call = urllib.request.Request(
    "${address()}",
    data=json.dumps(body).encode(),
    headers={"content-type": "application/json", "idempotency-key": "${freshKey()}", "prefer": "wait=120", **token},
)
generation = json.load(urllib.request.urlopen(call))["generations_by_pk"]
for number, image in enumerate(generation["generated_images"], 1):
    picture = urllib.request.urlopen(urllib.request.Request(image["url"], headers=token))
    with open(f"{generation['id']}-{number}.jpg", "wb") as file:
        file.write(picture.read())
`;
}

function pythonRequests(request) {
  return `import os, requests

token = ${isSignedIn() ? '{"authorization": "Bearer " + os.environ["GATEWAY_TOKEN"]}' : '{}'}
body = ${pythonLiteral(JSON.parse(JSON.stringify(request)))}
headers = {"idempotency-key": "${freshKey()}", "prefer": "wait=120", **token}
answer = requests.post("${address()}", json=body, headers=headers, timeout=180)
if not answer.ok:
    raise SystemExit(answer.json()["detail"])
generation = answer.json()["generations_by_pk"]
for number, image in enumerate(generation["generated_images"], 1):
    picture = requests.get(image["url"], headers=token, timeout=60)
    picture.raise_for_status()
    with open(f"{generation['id']}-{number}.jpg", "wb") as file:
        file.write(picture.content)
`;
}

function typescript(request) {
  return `import { writeFile } from "node:fs/promises";

const token = ${isSignedIn() ? '{ authorization: `Bearer ${process.env.GATEWAY_TOKEN}` }' : '{}'};
const body = ${pretty(request)};
const answer = await fetch("${address()}", {
  method: "POST",
  headers: { "content-type": "application/json", "idempotency-key": "${freshKey()}", prefer: "wait=120", ...token },
  body: JSON.stringify(body),
});
if (!answer.ok) throw new Error(await answer.text());
const { generations_by_pk: generation } = JSON.parse(await answer.text());
for (const [index, image] of generation.generated_images.entries()) {
  const picture = await fetch(image.url, { headers: token });
  await writeFile(\`\${generation.id}-\${index + 1}.jpg\`, Buffer.from(await picture.arrayBuffer()));
}
`;
}

function csharp(request) {
  const token = isSignedIn() ? `\nclient.DefaultRequestHeaders.Add("authorization", "Bearer " + Environment.GetEnvironmentVariable("GATEWAY_TOKEN"));` : '';
  // Without reflection, which a file that is run on its own (dotnet run file.cs) does not have for JSON.
  return `using System.Text;
using System.Text.Json.Nodes;

var body = """
${pretty(request)}
""";
using var client = new HttpClient { Timeout = TimeSpan.FromMinutes(3) };${token}
using var call = new HttpRequestMessage(HttpMethod.Post, "${address()}");
call.Content = new StringContent(body, Encoding.UTF8, "application/json");
call.Headers.Add("Idempotency-Key", "${freshKey()}");
call.Headers.Add("Prefer", "wait=120");
using var answer = (await client.SendAsync(call)).EnsureSuccessStatusCode();
var generation = JsonNode.Parse(await answer.Content.ReadAsStringAsync())!["generations_by_pk"]!;
var number = 0;
foreach (var image in generation["generated_images"]!.AsArray())
    await File.WriteAllBytesAsync($"{generation["id"]}-{++number}.jpg", await client.GetByteArrayAsync((string)image!["url"]!));
`;
}

function powershell(request) {
  const token = isSignedIn() ? '@{ authorization = "Bearer $env:GATEWAY_TOKEN" }' : '@{}';
  return `$token = ${token}
$body = @'
${pretty(request)}
'@
$answer = Invoke-RestMethod '${address()}' -Method Post -ContentType 'application/json; charset=utf-8' \`
  -Headers ($token + @{ 'Idempotency-Key' = '${freshKey()}'; Prefer = 'wait=120' }) -Body ([Text.Encoding]::UTF8.GetBytes($body))
$number = 0
foreach ($image in $answer.generations_by_pk.generated_images) {
  $number++
  Invoke-WebRequest $image.url -Headers $token -OutFile "$($answer.generations_by_pk.id)-$number.jpg"
}
`;
}

const languages = {
  curl,
  'curl without jq': curlWithoutJq,
  Python: python,
  'Python with requests': pythonRequests,
  TypeScript: typescript,
  'C#': csharp,
  PowerShell: powershell,
};

/** @returns the program that makes the request. */
export const write = (language, request) => languages[language](request);
