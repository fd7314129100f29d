// What kqlext asks of Kusto.Language (compiled to JavaScript with Bridge.NET). Loaded behind its two files.
// Every function takes plain values and gives JSON as text. Offsets count UTF-16 units, in and out.
(function (scope) {
  "use strict";
  const Kusto = scope.Kusto.Language, Editor = Kusto.Editor, Symbols = Kusto.Symbols;
  const toArray = (list) => (list ? scope.Bridge.toArray(list) : []);
  const enumerable = (array) => new scope.Bridge.ArrayEnumerable(array);
  const list = (array, type) => new (scope.System.Collections.Generic.List$1(type || scope.System.Object).$ctor1)(array);
  const values = (object) => Object.values(object || {});
  const names = (members) => {
    const found = {};
    for (const [name, value] of Object.entries(members)) if (typeof value === "number") found[value] = name;
    return found;
  };
  const completionKinds = names(Editor.CompletionKind);
  const completionOptions = Editor.CompletionOptions.Default.WithAutoAppendWhitespace(false);
  const formattingOptions = Editor.FormattingOptions.Default.WithIndentationSize(4)
    .WithInsertMissingTokens(false).WithPipeOperatorStyle(Editor.PlacementStyle.NewLine);

  // --- symbols of a schema (the form of `.show database schema as json`) ------------------------------------

  const type = (name) => Symbols.ScalarTypes.GetSymbol(name || "dynamic") || Symbols.ScalarTypes.Dynamic;
  const column = (c) => new Symbols.ColumnSymbol(c.Name, type(c.CslType), c.DocString, null, null, null);
  const columns = (all) => enumerable((all || []).map(column));
  const table = (t) => {
    const symbol = new Symbols.TableSymbol.$ctor6(t.Name, columns(t.OrderedColumns), t.DocString);
    return t.OrderedColumns && t.OrderedColumns.length ? symbol : symbol.WithIsOpen(true);
  };
  const view = (t) => new Symbols.MaterializedViewSymbol.$ctor2(t.Name, columns(t.OrderedColumns), null, t.DocString);
  const external = (t) => new Symbols.ExternalTableSymbol.$ctor3(t.Name, columns(t.OrderedColumns), t.DocString);
  const parameter = (p) => {
    if (p.Columns && p.Columns.length) return new Symbols.Parameter.$ctor2(p.Name, new Symbols.TableSymbol.ctor(p.Columns.map(column)));
    if (p.Columns) {
      return new Symbols.Parameter.ctor(p.Name, Symbols.ParameterTypeKind.Tabular, Symbols.ArgumentKind.Expression,
        null, null, false, null, 1, 1, null, null);
    }
    const value = p.CslDefaultValue ? Kusto.Parsing.QueryParser.ParseLiteral$1(p.CslDefaultValue) : null;
    return new Symbols.Parameter.$ctor3(p.Name, type(p.CslType), null, null, null, false, null, value ? 0 : 1, 1, value, null);
  };
  // Of a function whose body is not known anything may come.
  const anything = Symbols.TableSymbol.Empty.WithIsOpen(true);
  const func = (f) => {
    const parameters = list((f.InputParameters || []).map(parameter));
    return f.Body ? new Symbols.FunctionSymbol.$ctor14(f.Name, f.Body, parameters, f.DocString)
      : new Symbols.FunctionSymbol.$ctor6(f.Name, anything, parameters, f.DocString);
  };
  const database = (d, open) => new Symbols.DatabaseSymbol.$ctor3(d.Name, null, list([
    ...values(d.Tables).map(table), ...values(d.MaterializedViews).map(view),
    ...values(d.ExternalTables).map(external), ...values(d.Functions).map(func),
  ], Symbols.Symbol), open);

  let globals = Kusto.GlobalState.Default;

  // One query, blank lines and all; kept, since the next key changes a character of it.
  let service = null;
  const serviceFor = (text) => {
    if (!service || service.Text !== text) service = new Editor.KustoCodeService.$ctor1(text, globals);
    return service;
  };

  const diagnostic = (d) => ({
    code: d.Code, severity: d.Severity, message: d.Message,
    start: d.HasLocation ? d.Start : null, length: d.HasLocation ? d.Length : 0,
  });

  const signatures = (symbol) => toArray(symbol.Signatures).filter((s) => !s.IsHidden).map((s) => {
    const shown = toArray(s.Parameters).map((p) => {
      const text = p.Name + (p.TypeKind === Symbols.ParameterTypeKind.Declared && p.DeclaredTypes.Count === 1 ? ":" + p.DeclaredTypes.getItem(0).Name : "");
      return p.IsRepeatable ? text + ", ..." : p.IsOptional ? "[" + text + "]" : text;
    });
    return symbol.Name + "(" + shown.join(", ") + ")";
  });

  scope.kqlext = {
    // schema: {current: [cluster, database], clusters: {name: {database: as `.show database schema as json` has it}}}
    setSchema: (schema) => {
      let state = Kusto.GlobalState.Default;
      const [current, name] = schema.current;
      for (const [cluster, databases] of Object.entries(schema.clusters)) {
        // The cluster is open: databases that nobody has read may be there.
        const symbols = values(databases).map((d) => database(d, false));
        const symbol = new Symbols.ClusterSymbol.$ctor1(cluster, list(symbols, Symbols.Symbol), true);
        state = cluster === current ? state.WithCluster(symbol) : state.AddOrReplaceCluster(symbol);
        const own = symbols.find((d) => cluster === current && d.Name === name);
        if (own) state = state.WithDatabase(own);
      }
      globals = state;
      service = null;
      return "null";
    },

    complete: (text, offset, limit, prefixOnly) => {
      const found = serviceFor(text).GetCompletionItems(offset, completionOptions);
      const prefix = text.substring(found.EditStart, offset).toLowerCase();
      const items = toArray(found.Items).filter((i) => !prefixOnly || (i.MatchText || "").toLowerCase().startsWith(prefix));
      return JSON.stringify({
        start: found.EditStart,
        items: items.slice(0, limit).map((i) => [completionKinds[i.Kind], i.EditText, i.AfterText || "", i.DisplayText]),
      });
    },

    diagnostics: (text, semantic) => {
      const found = semantic ? Kusto.KustoCode.ParseAndAnalyze(text, globals).GetDiagnostics() : Kusto.KustoCode.Parse(text, globals).GetDiagnostics();
      return JSON.stringify(toArray(found).map(diagnostic));
    },

    describe: (text, offset) => JSON.stringify(serviceFor(text).GetQuickInfo(offset).Text || ""),

    // What a query gives and what it reads, without running it.
    analyze: (text) => {
      const code = Kusto.KustoCode.ParseAndAnalyze(text, globals), tables = new Set(), functions = new Set();
      for (const expression of toArray(code.Syntax.GetDescendants(Kusto.Syntax.Expression))) {
        const symbol = expression.ReferencedSymbol;
        if (!symbol || !symbol.Name || !globals.IsDatabaseSymbol(symbol)) continue;
        if (scope.Bridge.is(symbol, Symbols.TableSymbol)) tables.add(symbol.Name);
        if (scope.Bridge.is(symbol, Symbols.FunctionSymbol)) functions.add(symbol.Name);
      }
      const result = code.ResultType, isTable = result && scope.Bridge.is(result, Symbols.TableSymbol);
      return JSON.stringify({
        kind: code.Kind,
        columns: isTable ? toArray(result.Columns).map((c) => [c.Name, c.Type.Name]) : null,
        open: isTable ? result.IsOpen : true,
        tables: [...tables], functions: [...functions],
      });
    },

    format: (text) => JSON.stringify(serviceFor(text).GetFormattedText(formattingOptions).Text.replace(/\r\n?/g, "\n")),

    // All functions that Kusto has by itself: [kind, name, [signature, ...], description].
    functions: () => JSON.stringify([["aggregate", globals.Aggregates], ["scalar", globals.Functions], ["plugin", globals.PlugIns]]
      .flatMap(([kind, all]) => toArray(all).filter((f) => !f.IsHidden).map((f) => [kind, f.Name, signatures(f), f.Description || ""]))),
  };
})(globalThis);
