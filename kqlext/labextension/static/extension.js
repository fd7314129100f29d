// Which language an editor of JupyterLab 4 or Notebook 7 has: KQL in a `%%kql` cell, Python with KQL in its `%kql`
// lines, and whatever it had everywhere else. The cell and its MIME type stay as they are.
import {parser} from './kql.js';

const MIME = 'text/x-kql';
const CELL = /^(?:[^\S\n]*(?:#[^\n]*)?\n)*%%kql\b/;
const LINE = /^((?:[\w.,*'"\[\]() \t]+=)?[^\S\n]*)%kql(?!\w)[^\n]*\n?/gm;
const HEAD = 10000; // characters in which `%%kql` stands, if anywhere

export function makePlugin({codemirror, language, state, common}) {
  const kql = language.StreamLanguage.define(parser);
  // An editor must have some language once the facet is used; JupyterLab gives it Python a moment later.
  const plain = language.StreamLanguage.define({token: stream => stream.skipToEnd()});

  // Python's parser with that of KQL in `%kql` lines, but for those in a string.
  function withLines(python) {
    const wrap = common.parseMixed((node, input) => {
      if (!node.type.isTop) return null;
      const overlay = []; // each with its line feed: CodeMirror would go on with the line after it otherwise
      for (const match of input.read(0, input.length).matchAll(LINE)) {
        const from = match.index + match[1].length;
        if (!inString(node.node, from)) overlay.push({from, to: match.index + match[0].length});
      }
      return overlay.length ? {parser: kql.parser, overlay} : null;
    });
    return python.configure({wrap}, 'kql in python');
  }

  function extension(model, mixed) {
    const languageOf = ({doc}) => {
      if (CELL.test(doc.sliceString(0, HEAD))) return [kql];
      const isPython = /^text\/x-i?python$/.test(model.mimeType);
      return mixed && isPython && doc.toString().includes('%kql') ? [mixed] : [];
    };
    // Data of languages change with the editor's own language, which is then looked at again.
    const dependencies = ['doc', state.EditorState.languageData];
    return [
      state.Prec.highest(language.language.computeN(dependencies, languageOf)),
      state.Prec.lowest(language.language.of(plain))
    ];
  }

  return {
    id: 'kqlext:highlighting',
    description: 'Colours KQL in %%kql cells, %kql lines and .kql files.',
    autoStart: true,
    requires: [codemirror.IEditorLanguageRegistry, codemirror.IEditorExtensionRegistry],
    activate: async (app, languages, extensions) => {
      languages.addLanguage({
        name: 'kql',
        displayName: 'KQL',
        alias: ['kusto'],
        mime: MIME,
        extensions: ['kql', 'csl', 'kusto'],
        support: new language.LanguageSupport(kql)
      });
      const python = (await languages.getLanguage('ipython'))?.support?.language;
      const mixed = python && withLines(python);
      extensions.addExtension({
        name: 'kqlext:cells',
        factory: ({model}) => model.type === 'code'
          ? codemirror.EditorExtensionRegistry.createImmutableExtension(extension(model, mixed))
          : null
      });
    }
  };
}

function inString(top, position) {
  for (let node = top.resolveInner(position, 1); node; node = node.parent) {
    if (/String|Comment/.test(node.name)) return true;
  }
  return false;
}
