using System.Net;
using System.Text.RegularExpressions;
using Gateway.Edge.Content;
using Gateway.Tests.Harness;

namespace Gateway.Tests.Edge;

/// <summary>
/// The console's modules are joined when the gateway starts, and a cache may keep what its page names.
/// </summary>
public sealed partial class ModuleBundlesTests(GatewayFixture fixture) : IClassFixture<GatewayFixture>
{
    private const string Shared = "// A comment.\nexport const one = 1;\nexport function two() {\n  return 2;\n}\n";

    [Fact]
    public async Task Every_file_that_the_page_names_may_be_kept_for_ever_and_imports_no_other()
    {
        var page = await TextAsync("/");
        var named = Named.Matches(page).Select(name => name.Groups["address"].Value).ToList();
        named.Count.ShouldBe(2);
        var module = await TextAsync("/" + named.Single(name => name.StartsWith("console/main.js", StringComparison.Ordinal)));
        var later = Later.Matches(module).Select(name => "console/" + name.Groups["address"].Value).ToList();
        later.Count.ShouldBeGreaterThan(2);
        module.ShouldNotContain("} from './");

        foreach (var address in named.Concat(later))
        {
            var file = await fixture.Gateway.GetAsync("/" + address);
            file.StatusCode.ShouldBe(HttpStatusCode.OK, address);
            file.Headers.CacheControl!.ToString().ShouldBe("public, max-age=31536000, immutable");
            // Another version of the gateway may answer: its file must not be kept as this one.
            var other = await fixture.Gateway.GetAsync("/" + address.Split('?')[0] + "?v=0123456789abcdef0123456789abcdef");
            other.Headers.CacheControl!.NoCache.ShouldBeTrue();
        }
        (await fixture.Gateway.GetAsync("/")).Headers.CacheControl!.NoCache.ShouldBeTrue();
    }

    [Fact]
    public void A_module_is_in_one_bundle_after_those_it_imports_and_comments_are_left_out()
    {
        var bundles = Join(
            ("shared.js", Shared),
            ("main.js", "import { one } from './shared.js';\nconst more = () => import('./more.js');\nconsole.log(one);\n"),
            ("more.js", "import { two } from './shared.js';\nexport class More {}\nexport async function three() {}\n")
        );

        bundles.Keys.ShouldBe(["main.js", "more.js"], ignoreOrder: true);
        bundles["main.js"]
            .ShouldBe(
                """
                const modules = {};
                modules['shared.js'] ??= (() => {
                const one = 1;
                function two() {
                  return 2;
                }
                return { one, two };
                })();
                modules['main.js'] ??= (() => {
                const { one } = modules['shared.js'];
                const more = () => import('./more.js?v=7').then(part => part.default(modules));
                console.log(one);
                return {  };
                })();

                """
            );
        bundles["more.js"]
            .ShouldBe(
                """
                export default modules => {
                modules['more.js'] ??= (() => {
                const { two } = modules['shared.js'];
                class More {}
                async function three() {}
                return { More, three };
                })();
                return modules['more.js'];
                };

                """
            );
    }

    [Fact]
    public void Modules_in_another_folder_are_found_from_where_they_are_named()
    {
        var bundles = Join(
            ("shared.js", Shared),
            ("main.js", "import { one } from './shared.js';\nconst more = () => import('./more/all.js');\n"),
            (
                "more/all.js",
                "import { two } from '../shared.js';\nimport { three } from './part.js';\nconst rest = () => import('./rest.js');\n"
            ),
            ("more/part.js", "export const three = 3;\n"),
            ("more/rest.js", "export const rest = 4;\n")
        );

        bundles.Keys.ShouldBe(["main.js", "more/all.js", "more/rest.js"], ignoreOrder: true);
        bundles["main.js"].ShouldContain("import('./more/all.js?v=7')");
        bundles["more/all.js"].ShouldContain("const { two } = modules['shared.js'];");
        bundles["more/all.js"].ShouldContain("const { three } = modules['more/part.js'];");
        bundles["more/all.js"].ShouldContain("import('../more/rest.js?v=7')");
    }

    [Theory]
    [InlineData("export let changing = 1;\n")]
    [InlineData("export default 1;\n")]
    [InlineData("import everything from './shared.js';\n")]
    [InlineData("import { main } from './main.js';\n")]
    public void A_form_that_cannot_be_joined_and_a_cycle_are_refused(string module) =>
        Should.Throw<InvalidOperationException>(() =>
            Join(("shared.js", Shared), ("main.js", "import { x } from './module.js';\n"), ("module.js", module))
        );

    private static IReadOnlyDictionary<string, string> Join(params (string Name, string Text)[] sources) =>
        new ModuleBundles(sources.ToDictionary(source => source.Name, source => source.Text, StringComparer.Ordinal), _ => "7").Create(
            "main.js"
        );

    private async Task<string> TextAsync(string path) =>
        await (await fixture.Gateway.GetAsync(path)).Content.ReadAsStringAsync(TestContext.Current.CancellationToken);

    [GeneratedRegex("\"(?<address>[\\w/]+\\.(?:js|css)\\?v=[0-9a-f]{32})\"", RegexOptions.NonBacktracking)]
    private static partial Regex Named { get; }

    [GeneratedRegex(@"import\('\./(?<address>[\w/]+\.js\?v=[0-9a-f]{32})'\)", RegexOptions.NonBacktracking)]
    private static partial Regex Later { get; }
}
