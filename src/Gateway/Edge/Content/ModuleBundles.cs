using System.Text;
using System.Text.RegularExpressions;

namespace Gateway.Edge.Content;

/// <summary>
/// Joins JavaScript modules when the gateway starts, so that a browser needs few requests: a module that a page names
/// is served with everything it imports, and so is one that <c>import()</c> names, without what is loaded already.
/// </summary>
/// <remarks>
/// Understands what the console's modules use: <c>import { a, b } from './x.js'</c>, also from another folder,
/// <c>import('./x.js')</c>, and <c>export</c> before <c>const</c>, <c>class</c> and <c>function</c>. Anything else,
/// and a cycle, is refused.
/// Comments that fill their lines are left out; nothing else is changed, so that errors in a browser can be read.
/// </remarks>
/// <param name="sources">Each module's text by its path in the folder of the modules.</param>
/// <param name="versionOf">The version that an address states for a text.</param>
internal sealed partial class ModuleBundles(IReadOnlyDictionary<string, string> sources, Func<string, string> versionOf)
{
    private readonly Dictionary<string, string> _later = new(StringComparer.Ordinal);
    private readonly Dictionary<string, HashSet<string>> _needed = new(StringComparer.Ordinal);

    /// <returns>The text of each module that is loaded on its own.</returns>
    public IReadOnlyDictionary<string, string> Create(string entry)
    {
        var modules = Order(entry, new HashSet<string>(StringComparer.Ordinal));
        var bundle = "const modules = {};\n" + Join(modules, [.. modules], entry);
        return new Dictionary<string, string>(_later, StringComparer.Ordinal) { [entry] = bundle };
    }

    /// <summary>Each module after those it imports.</summary>
    private List<string> Order(string entry, HashSet<string> loaded)
    {
        var ordered = new List<string>();
        var open = new HashSet<string>(StringComparer.Ordinal);
        Visit(entry);
        return ordered;

        void Visit(string name)
        {
            if (loaded.Contains(name) || ordered.Contains(name))
                return;
            if (!open.Add(name))
                throw new InvalidOperationException($"{name} imports itself through other modules.");
            foreach (Match import in Import.Matches(sources[name]))
                Visit(Resolve(import.Groups["file"].Value, name));
            ordered.Add(name);
        }
    }

    /// <param name="bundle">The module whose file they are in.</param>
    private string Join(List<string> modules, HashSet<string> loaded, string bundle)
    {
        var text = new StringBuilder();
        foreach (var name in modules)
            text.Append("modules['")
                .Append(name)
                .Append("'] ??= (() => {\n")
                .Append(ToFunctionBody(name, loaded, bundle))
                .Append("})();\n");
        return text.ToString();
    }

    private string ToFunctionBody(string name, HashSet<string> loaded, string bundle)
    {
        var text = sources[name];
        var exported = Export.Matches(text).Select(export => export.Groups["name"].Value).ToList();
        text = Import.Replace(
            text,
            import => $"const {{{import.Groups["names"].Value}}} = modules['{Resolve(import.Groups["file"].Value, name)}'];"
        );
        text = LaterImport.Replace(text, import => Later(Resolve(import.Groups["file"].Value, name), loaded, bundle));
        text = Export.Replace(text, "${declaration}");
        text = Comment.Replace(text, "");
        if (Unknown.Match(text) is { Success: true } unknown)
            throw new InvalidOperationException($"{name} has a form of import or export that cannot be joined: {unknown.Value}");
        return $"{text}return {{ {string.Join(", ", exported)} }};\n";
    }

    /// <summary>The module is a function of those that are loaded already.</summary>
    private string Later(string name, HashSet<string> loaded, string from)
    {
        if (_later.TryGetValue(name, out var bundle))
        {
            if (!_needed[name].IsSubsetOf(loaded))
                throw new InvalidOperationException($"{name} is imported before the modules that it shares with others are loaded.");
        }
        else
        {
            _needed.Add(name, [.. loaded]);
            var modules = Order(name, loaded);
            bundle = "export default modules => {\n" + Join(modules, [.. loaded, .. modules], name) + $"return modules['{name}'];\n}};\n";
            _later.Add(name, bundle);
        }
        var up = string.Concat(Enumerable.Repeat("../", from.Count(letter => letter == '/')));
        return $"import('{(up.Length > 0 ? up : "./")}{name}?v={versionOf(bundle)}').then(part => part.default(modules))";
    }

    /// <param name="file">As the module <paramref name="name"/> writes it, relative to itself.</param>
    private static string Resolve(string file, string name) => new Uri(new Uri("file:///" + name), file).AbsolutePath[1..];

    [GeneratedRegex(
        @"^import \{(?<names>[^}]*)\} from '(?<file>\.{1,2}/[\w/-]+\.js)';$",
        RegexOptions.Multiline | RegexOptions.NonBacktracking
    )]
    private static partial Regex Import { get; }

    [GeneratedRegex(@"\bimport\('(?<file>\.{1,2}/[\w/-]+\.js)'\)", RegexOptions.NonBacktracking)]
    private static partial Regex LaterImport { get; }

    [GeneratedRegex(
        @"^export (?<declaration>(?:const|class|function|async function) (?<name>[\w$]+))",
        RegexOptions.Multiline | RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture
    )]
    private static partial Regex Export { get; }

    [GeneratedRegex(@"^[ ]*(?://.*|/\*\*[^*]*(?:\*[^/][^*]*)*\*/)\n", RegexOptions.Multiline | RegexOptions.NonBacktracking)]
    private static partial Regex Comment { get; }

    [GeneratedRegex(@"^(?:import|export)\b.*$", RegexOptions.Multiline | RegexOptions.NonBacktracking)]
    private static partial Regex Unknown { get; }
}
