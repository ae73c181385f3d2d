#!/usr/bin/env bash
# Executes the recipes for a new model and a new way to identify tenants on a copy of the working tree, starts that
# gateway with its bundled simulator, and checks that everything else follows.
#   PORT     where the gateway listens (default: a random one)
#   CONSOLE  "no" skips the check of the console in Chromium
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
port=${PORT:-$((10000 + RANDOM % 20000))}
gateway=http://127.0.0.1:$port
work=$(mktemp -d)
copy=$work/copy
server=

finish() {
  local code=$?
  if [ -n "$server" ]; then
    kill "$server" 2>/dev/null || true
    wait "$server" 2>/dev/null || true
  fi
  if [ "$code" -ne 0 ]; then tail -n 40 "$work"/*.log >&2 2>/dev/null || true; fi
  rm -rf "$work"
}
trap finish EXIT

# ---- the recipes -------------------------------------------------------------------------------------------------------

# docs/adding-a-model.md: one file and one line in the catalogue. Other bounds, other defaults, and a flat price in dollars.
add_model() {
  cat >src/Gateway/Models/Sketch.cs <<'CS'
namespace Gateway.Models;

/// <summary>A model that exists in tests/recipes.sh only.</summary>
internal static class Sketch
{
    public static ImageModel Model { get; } =
        new()
        {
            Name = "sketch-1.0",
            Title = "Sketch",
            Source = "https://example.com/sketch",
            Width = new(128, 2048, 512),
            Height = new(128, 2048, 256),
            Quantity = new(1, 10, 2),
            Seed = new(0, 65_535),
            PromptMaxLength = 500,
            MaxReferences = 2,
            ReferenceStrengths = ["LOW", "HIGH"],
            DefaultReferenceStrength = "LOW",
            Price = new FlatPrice(MicrosPerImage: 29_900),
            AspectRatios = [new("2:1", 512, 256)],
            Styles = [],
        };

    private sealed record FlatPrice(long MicrosPerImage) : ImagePrice
    {
        public override string Rule => "0.0299 dollars an image";

        public override long Micros(int width, int height, int quantity, bool hasReferences) => MicrosPerImage * quantity;
    }
}
CS
  sed -i 's/FluxPro2\.Model\b/&, Sketch.Model/' src/Gateway/Models/ModelCatalogue.cs
  expected+=("src/Gateway/Models/ModelCatalogue.cs" "src/Gateway/Models/Sketch.cs")

  # Not part of the recipe: the simulator stands for Leonardo, which has to have the model. 20 credits are $0.0299.
  sed -i '/"flux-pro-2.0"/a\        new("sketch-1.0", 128, 2048, 10, 2, 500, (_, _, quantity, _) => 20 * quantity),' \
    src/Leonardo.Simulator/SimulatedModel.cs
  expected+=("src/Leonardo.Simulator/SimulatedModel.cs")
}

# docs/adding-an-identification.md: one file, one line in the ordered list, and the member in the schema for editors.
add_identification() {
  local folder=src/Gateway/Tenants/Identification
  cat >"$folder/BadgeIdentification.cs" <<'CS'
using System.Security.Cryptography;
using System.Text;
using Gateway.Edge.Http;

namespace Gateway.Tenants.Identification;

/// <summary>A badge in the header <c>X-Badge</c>; the tenants file holds its SHA-256.</summary>
internal sealed class BadgeIdentification : IdentificationMethod<string>
{
    public override string Name => "badge";

    public override string Member => "badges";

    public override Evidence Evidence => Evidence.Credential;

    public override void ReadClaims(JsonValidator member, Tenant tenant, ClaimTable<string> claims)
    {
        foreach (var item in member.Items() ?? [])
        {
            if (Sha256Digest.Read(item, "sha256sum prints it") is { } digest)
                claims.Add(digest, tenant, item);
        }
    }

    public override ValueTask<IdentificationResult> IdentifyAsync(IdentificationRequest request)
    {
        if (!request.Headers.TryGetValue("X-Badge", out var values))
            return new(IdentificationResult.NotPresented);
        var caller = values is [{ } badge]
            ? Find(request.Snapshot, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(badge))))
            : null;
        return new(caller ?? IdentificationResult.Unidentified("No tenant has this badge. Present the badge that you were given."));
    }
}
CS
  sed -i 's/^\( *\)new NetworkIdentification(),$/\1new BadgeIdentification(),\n&/' "$folder/IdentificationMethods.cs"
  same 'the change of the ordered list' $'1\t0' "$(git diff --numstat -- "$folder/IdentificationMethods.cs" | cut -f1,2)"
  jq '.definitions.identify.properties.badges = { type: "array", uniqueItems: true, items: { "$ref": "#/definitions/digest" } }' \
    deploy/tenants.schema.json >"$work/schema.json"
  cp "$work/schema.json" deploy/tenants.schema.json
  expected+=("$folder/BadgeIdentification.cs" "$folder/IdentificationMethods.cs" deploy/tenants.schema.json)

  local digest here='{ "id": "here", "identify": { "networks": ["127.0.0.0/8", "::1/128"] } }'
  digest=sha256:$(printf '%s' open-sesame | sha256sum | cut -d' ' -f1)
  printf '{ "tenants": [ %s, { "id": "badge", "identify": { "badges": ["%s"] } } ] }' "$here" "$digest" >"$work/tenants.json"
  printf '{ "tenants": [ %s, { "id": "a", "identify": { "badges": ["%s"] } }, { "id": "b", "identify": { "badges": ["%s"] } } ] }' \
    "$here" "$digest" "$digest" >"$work/claimed-twice.json"
  settings+=("Tenants__File=$work/tenants.json")
}

# ---- checks ------------------------------------------------------------------------------------------------------------

fail() {
  printf 'recipes: %s\n' "$1" >&2
  exit 1
}

# same WHAT EXPECTED ACTUAL
same() {
  [ "$2" = "$3" ] || fail "$1 should be: $2 - but is: $3"
}

# Curl that ignores the environment's proxies.
call() {
  curl --noproxy '*' -sS --max-time 60 "$@"
}

# post PATH PARAMETERS: a request for the new model
post() {
  call -H 'content-type: application/json' -H 'prefer: wait=60' -d "{\"model\":\"sketch-1.0\",\"parameters\":$2}" "$gateway$1"
}

# accepts PARAMETERS IMAGES USD: the quote has this price
accepts() {
  same "the quote of $1" "$2 $3" "$(post /v2/generations/quote "$1" | jq -r '"\(.images) \(.cost.amount)"')"
}

# refuses PARAMETERS POINTER DETAIL, with the model's own numbers
refuses() {
  local answer
  answer=$(post /v2/generations "$1" | jq -r '"\(.status) \(.errors[0].pointer) \(.errors[0].detail)"')
  same "the answer to $1" "400 #/parameters/$2 $3" "$answer"
}

check_model() {
  local model reference prompt answer document
  model=$(call "$gateway/v2/models" | jq -c '.models[] | select(.name == "sketch-1.0")')
  same 'its limits in GET /v2/models' \
    '[128,2048,512] [128,2048,256] [1,10,2] [0,65535,null] 500 2' \
    "$(jq -r '.limits | "\(.width|[.min,.max,.default]) \(.height|[.min,.max,.default]) \(.quantity|[.min,.max,.default]) \(.seed|[.min,.max,.default]) \(.prompt_max_length) \(.max_references)"' <<<"$model")"
  same 'its price in GET /v2/models' '0.0299 dollars an image null 0.0299' \
    "$(jq -r '.price | "\(.rule) \(.credits_per_million_pixels) \(.examples[0].usd)"' <<<"$model")"

  # The validator and the quote: its bounds, its defaults and its price.
  accepts '{"prompt":"A"}' 2 0.0598
  accepts '{"prompt":"A","width":128,"height":2048,"quantity":10}' 10 0.2990
  refuses '{"prompt":"A","width":127}' width 'must be from 128 to 2048 (pixels)'
  refuses '{"prompt":"A","height":2049}' height 'must be from 128 to 2048 (pixels)'
  refuses '{"prompt":"A","quantity":11}' quantity 'must be from 1 to 10 (images)'
  refuses '{"prompt":"A","seed":65536}' seed 'must be from 0 to 65535'
  prompt=$(printf 'x%.0s' $(seq 500))
  accepts "{\"prompt\":\"$prompt\",\"quantity\":1}" 1 0.0299
  refuses "{\"prompt\":\"${prompt}x\"}" prompt 'must be at most 500 characters long'
  reference='{"image":{"id":"fc6f78c6-e7ac-491b-ad26-01f6843db870","type":"UPLOADED"}}'
  refuses "{\"prompt\":\"A\",\"guidances\":{\"image_reference\":[$reference,$reference,$reference]}}" \
    guidances/image_reference 'must have at most 2 items'
  refuses "{\"prompt\":\"A\",\"guidances\":{\"image_reference\":[${reference%\}},\"strength\":\"MID\"}]}}" \
    guidances/image_reference/0/strength 'must be one of LOW, HIGH'

  # Ten images are reserved, made and settled at its price.
  answer=$(post /v2/generations '{"prompt":"A harbour","width":128,"height":128,"quantity":10}')
  same 'the generation' 'COMPLETE 10 true 0.2990 DOLLARS' \
    "$(jq -r '"\(.generations_by_pk.status) \(.generations_by_pk.generated_images|length) \(.generations_by_pk.seed <= 65535) \(.generate.cost.amount) \(.generate.cost.unit)"' <<<"$answer")"
  same 'the usage' '10 0.299' "$(call "$gateway/v1/usage" | jq -r '.totals.today | "\(.images) \(.usd)"')"

  # The other model keeps its own bounds.
  same 'the other model' 'must be from 256 to 1440 (pixels)' \
    "$(call -H 'content-type: application/json' -d '{"model":"flux-pro-2.0","parameters":{"prompt":"A","width":128}}' "$gateway/v2/generations" | jq -r '.errors[0].detail')"

  document=$(call --fail "$gateway/openapi/v1.json")
  same 'the OpenAPI document' '128 2048 1 10 true true true' \
    "$(jq -r '.components.schemas as $all | $all.GenerationParameters as $parameters | $parameters.properties |
      "\(.width.minimum) \(.width.maximum) \(.quantity.minimum) \(.quantity.maximum) " +
      "\(.prompt.maxLength >= 500) " +
      "\($all.GenerationBody.properties.model.description | contains("Known values: flux-pro-2.0, sketch-1.0.")) " +
      "\($parameters.description | contains("| `sketch-1.0` | 128 to 2048 |"))"' <<<"$document")"

  if [ "${CONSOLE:-yes}" != no ]; then
    (cd "$root/tests/browser" && node console-model.mjs "$gateway" sketch-1.0)
  fi
}

# identifies EXPECTED CURL-ARGUMENTS...: what GET /v1/usage says about the caller, or the refusal
identifies() {
  local expected=$1
  shift
  same "the caller with $*" "$expected" \
    "$(call "$@" "$gateway/v1/usage" | jq -r 'if .tenant then "\(.tenant.id) by \(.tenant.identifiedBy)" else "\(.status) \(.type)" end')"
}

check_identification() {
  local document output
  identifies 'badge by badge' -H 'X-Badge: open-sesame'
  identifies 'here by network' -H 'X-Other: open-sesame'
  # The caller's network is known, and a bad badge must not fall back to it.
  identifies '401 /problems/unidentified' -H 'X-Badge: open-barley'
  identifies '401 /problems/unidentified' -H 'X-Badge: open-sesame' -H 'X-Badge: open-sesame'
  identifies '401 /problems/unidentified' -H 'X-Badge: open-sesame' -H 'Authorization: Bearer lgw_unknown'
  identifies '401 /problems/unidentified' -H 'X-Badge: open-sesame' -H 'X-Tenant-Id: here'

  document=$(call --fail "$gateway/openapi/v1.json")
  same 'the ways in the OpenAPI document' 'header, token, jwt, session, certificate, badge, network.' \
    "$(jq -r '.components.schemas.UsageTenant.properties.identifiedBy.description | sub(".*Known values: "; "")' <<<"$document")"

  if output=$(env Tenants__File="$work/claimed-twice.json" Leonardo__Simulator=true ASPNETCORE_URLS=http://127.0.0.1:0 \
    Storage__ConnectionString="Data Source=$work/run/claimed-twice.db" \
    timeout 60 dotnet "$copy/src/Gateway/bin/Debug/net10.0/Gateway.dll" 2>&1); then
    fail 'the gateway started although two tenants claim one badge'
  fi
  [[ $output == *'#/tenants/2/identify/badges/0: is already claimed: see #/tenants/1/identify/badges/0'* ]] ||
    fail "the start should name the badge that is claimed twice, but said: $output"
}

# ---- run ---------------------------------------------------------------------------------------------------------------

mkdir "$copy"
git ls-files -co --exclude-standard -z | while IFS= read -r -d '' file; do
  if [ -f "$file" ]; then printf '%s\0' "$file"; fi
done | tar --null -T - -cf - | tar -xf - -C "$copy"
cd "$copy"
git init -q
git add -A
git -c user.name=recipes -c user.email=recipes@localhost commit -qm 'Before the recipes'

expected=()
settings=()
add_model
add_identification
same 'the list of changed files' "$(printf '%s\n' "${expected[@]}" | sort)" "$(git status --porcelain -uall | cut -c4- | sort)"

dotnet build src/Gateway -c Debug -v q --nologo -nodeReuse:false >"$work/build.log" 2>&1 || fail 'the build failed'
mkdir "$work/run"
cd "$work/run"
env -u LEONARDO_API_KEY -u ASPNETCORE_HTTP_PORTS ASPNETCORE_ENVIRONMENT=Development ASPNETCORE_URLS="$gateway" \
  Storage__ConnectionString="Data Source=$work/run/gateway.db" ${settings[@]+"${settings[@]}"} \
  dotnet "$copy/src/Gateway/bin/Debug/net10.0/Gateway.dll" >"$work/gateway.log" 2>&1 &
server=$!
for _ in $(seq 600); do
  if call --fail "$gateway/health/ready" >/dev/null 2>&1; then break; fi
  kill -0 "$server" 2>/dev/null || fail 'the gateway ended'
  sleep 0.1
done
check_model
check_identification
echo 'The recipes work.'
