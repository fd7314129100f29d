// KQL, and the head of a cell or `%kql` line before it, for CodeMirror, which asks for one token after the other.
// The twin of kqlext/highlighting/pieces.py: a test holds both to the same pieces.
import {words} from './words.js';

const has = Object.fromEntries(Object.entries(words).map(([name, list]) => [name, new Set(list)]));

// Kinds of pieces -> highlighting tags of CodeMirror; those without one have the colour of the text. JupyterLab
// and its themes give them their colours.
const tags = {
  magic: 'meta',
  option: 'attributeName',
  value: 'string',
  connection: 'string.special',
  target: 'variableName.definition',
  comment: 'comment',
  string: 'string',
  number: 'number',
  constant: 'atom',
  keyword: 'keyword',
  type: 'variableName.standard',
  function: 'variableName.function.definition',
  variable: 'variableName',
  definition: 'variableName.definition',
  property: 'propertyName',
  parameter: 'attributeName',
  special: 'variableName.special',
  operator: 'operator',
  punctuation: 'punctuation'
};

const BEGINS = ['', ';', '<<'];
const COMMENT = /^\/\/.*/;
const TARGET = /^(?:(?!\/\/)[^\s<|()'"\[\]@])+(?=\s*<<(?!<))/;
const STRING = RegExp(
  '^[hH]?(?:@"(?:[^"]|"")*(?:"|$)|@\'(?:[^\']|\'\')*(?:\'|$)' +
  '|"(?:[^"\\\\]|\\\\.)*(?:"|\\\\?$)|\'(?:[^\'\\\\]|\\\\.)*(?:\'|\\\\?$))'
);
const NUMBER = /^\d(?:[\p{L}\p{N}_]|\.(?!\.))*/u;
const NAME =
  /^(?:(?:project|mv|make|parse|sample|top|macro|graph|partition)-[a-z]+(?:-[a-z]+)*(?![\p{L}\p{N}_])|[\p{L}_][\p{L}\p{N}_]*)/u;
const SYMBOL = /^(?:<\||<<|\.\.|=~|!~|==|!=|<=|>=|=>|.)/u;
const OPTION = /^-!?([A-Za-z][\w-]*)(?=[=\s;]|$)/;
const VERB = /^\.[A-Za-z]+(?:-[a-z]+)*/;
const SPECIAL = /^\$(?:left|right)(?![\p{L}\p{N}_])/u;
const LITERAL = /^[\w:.+\-\/ ]+(?=\))/;
const CONNECTION = /^(?:[A-Za-z][\w-]*:\/\/|(['"])\s*[A-Za-z][\w-]*:\/\/)/;
const NAMED = [
  /^@(?:[\w.-]+|'[^']+'|"[^"]+")(?=[\s;]|$)/,
  /^\[[^'"\[\]]*[^'"\[\]\s][^'"\[\]]*\](?=[\s;]|$)/,
  /^[\w.-]+@[\w.-]+(?=[\s;]|$)/,
  /^samples(?=;|(?:\s|\/\/.*)*$|\s(?:\s|\/\/.*)*[^\s|=.,)\]<])/
];

// part: "start" before the magic, "head", "argument" of a command, or "query".
// before, earlier: the two tokens before. fence: what closes a string of several lines.
// valued: an option waits for its value. connected: the head has its connection.
const fresh = {part: 'start', before: '', earlier: '', fence: '', valued: false, connected: false};

function token(stream, state) {
  if (state.fence) return inFence(stream, state);
  if (stream.sol() && stream.match(/^%kql(?!\w)/)) {
    Object.assign(state, fresh, {part: 'head'});
    return 'magic';
  }
  if (stream.sol()) state.valued = false;
  if (stream.sol() && stream.match(/^\s+$/)) blankLine(state);
  if (stream.eol() || stream.eatSpace()) return null;
  return {start: atStart, head: inHead, argument: inArgument, query: inQuery}[state.part](stream, state);
}

function blankLine(state) {
  state.before = '';
}

function atStart(stream, state) {
  if (stream.match(/^#.*/)) return 'comment';
  if (stream.match(/^%%kql\b/)) {
    state.part = 'head';
    return 'magic';
  }
  state.part = 'query';
  return inQuery(stream, state);
}

// --- the head --------------------------------------------------------------------------------------------

function inHead(stream, state) {
  if (state.valued) {
    if (stream.match('=')) return 'operator';
    state.valued = false;
    if (eatWord(stream)) return 'value';
  }
  if (stream.match(COMMENT)) return 'comment';
  if (matchKnown(stream, /^--([A-Za-z][\w-]*)(?=[\s;=]|$)/, has.commands)) {
    state.part = 'argument';
    return 'option';
  }
  if (!state.connected && matchConnection(stream)) {
    state.connected = true;
    return 'connection';
  }
  if (stream.match(TARGET)) return 'target';
  if (stream.match(/^<<(?!<)/)) return 'operator';
  if (matchKnown(stream, OPTION, has.options)) {
    state.valued = true;
    return 'option';
  }
  if (matchKnown(stream, OPTION, has.flags)) {
    state.valued = stream.peek() === '=';
    return 'option';
  }
  if (stream.match(/^\+[A-Za-z]\w*(?==)/)) {
    state.valued = true;
    return 'option';
  }
  state.part = 'query';
  return inQuery(stream, state);
}

function inArgument(stream) {
  if (stream.match('=')) return 'operator';
  if (eatWord(stream)) return 'value';
  stream.next();
  return 'punctuation';
}

// Eats what the pattern matches if its group is one of the names.
function matchKnown(stream, pattern, names) {
  const match = stream.match(pattern, false);
  return match && names.has(match[1].replace(/[_-]/g, '').toLowerCase()) && stream.match(pattern);
}

function matchConnection(stream) {
  return NAMED.some(pattern => stream.match(pattern)) || (stream.match(CONNECTION, false) && eatWord(stream));
}

// Eats a word of the head: up to white space outside quotes and brackets, or to the `;` that ends the line.
function eatWord(stream) {
  const start = stream.pos;
  let depth = 0;
  let quote = '';
  while (!stream.eol()) {
    const character = stream.peek();
    if (quote) quote = character === quote ? '' : quote;
    else if (character === '"' || character === "'") quote = character;
    else if (/\s/.test(character) && !depth) break;
    else if ('([{'.includes(character)) depth += 1;
    else if (')]}'.includes(character)) depth = Math.max(0, depth - 1);
    else if (stream.match(/^;\s*$/, false)) break;
    stream.next();
  }
  return stream.pos > start;
}

// --- KQL -------------------------------------------------------------------------------------------------

function inQuery(stream, state) {
  if (stream.match(COMMENT)) return 'comment';
  if (has.literals.has(state.earlier) && state.before === '(') {
    const literal = stream.match(LITERAL, false);
    if (literal && /\d/.test(literal[0])) return stream.match(LITERAL) && 'number';
  }
  const start = stream.pos;
  const kind = pieceOf(stream, state);
  if (kind === 'target') return kind;
  state.earlier = state.before;
  state.before = stream.string.slice(start, stream.pos);
  return kind;
}

function pieceOf(stream, state) {
  const fence = stream.match(/^[hH]?(```|~~~)/);
  if (fence) {
    state.fence = fence[1];
    return inFence(stream, state);
  }
  if (stream.match(STRING)) return 'string';
  if (BEGINS.includes(state.before)) {
    if (stream.match(VERB)) return 'keyword';
    if (stream.match(TARGET)) return 'target';
  }
  if (stream.match(NUMBER)) return 'number';
  if (stream.match(SPECIAL)) return 'special';
  const name = stream.match(NAME);
  if (name) return nameKind(name[0], state, stream.string.slice(stream.pos).match(/^\s*(\S{0,2})/)[1]);
  const symbol = stream.match(SYMBOL)[0];
  return '()[]{},;:.'.includes(symbol) ? 'punctuation' : 'operator';
}

function inFence(stream, state) {
  if (stream.skipTo(state.fence)) {
    stream.match(state.fence);
    state.fence = '';
  } else {
    stream.skipToEnd();
  }
  return 'string';
}

function nameKind(word, {before, earlier}, following) {
  if (before === '.') return 'property';
  if (has.constants.has(word)) return 'constant';
  if (isOperator(word, before, following)) return 'keyword';
  const assigned = following[0] === '=' && !['==', '=~', '=>'].includes(following);
  if (assigned && has.parametric.has(before)) return 'parameter';
  if (has.clauses.has(word) && !assigned && before !== ',') return 'keyword';
  const isType = before === ':' || following[0] === '(' || (before === '(' && earlier === 'typeof');
  if (has.types.has(word) && isType) return 'type';
  if (before === 'let') return 'definition';
  if (before === 'render' || (before === '=' && earlier === 'kind')) return 'constant';
  return following[0] === '(' ? 'function' : 'variable';
}

// Whether a word is an operator or begins a statement, and is no column or function of such a name.
function isOperator(word, before, following) {
  if (has.statements.has(word)) return [...BEGINS, '{'].includes(before);
  if (!has.operators.has(word) || following === '()') return false;
  if ([...BEGINS, '|', '<|'].includes(before)) return true;
  const places = has.sources.has(word) ? ['(', '{', '=>', '='] : ['(', '{', '=>'];
  return places.includes(before) && !(following && ',)=.+-/<>!%'.includes(following[0]));
}

export const parser = {
  name: 'kql',
  startState: () => ({...fresh}),
  token(stream, state) {
    const kind = token(stream, state);
    return kind && tags[kind];
  },
  blankLine,
  languageData: {commentTokens: {line: '//'}, closeBrackets: {brackets: ['(', '[', '{', "'", '"']}}
};
