/** As much of the GraphQL language as a client of GitHub needs: one operation, arguments, variables, fragments in place. */

export type Field = {
  readonly name: string;
  readonly alias: string;
  readonly args: Readonly<Record<string, unknown>>;
  readonly fields: readonly Field[];
  /** Of `... on Type`. */
  readonly onType?: string;
};

export type Document = { readonly kind: 'query' | 'mutation'; readonly fields: readonly Field[] };

export class GraphqlSyntaxError extends Error {
  override readonly name = 'GraphqlSyntaxError';
}

const TOKEN =
  /[\s,]+|#[^\n]*|(\.\.\.|[A-Za-z_]\w*|\$[A-Za-z_]\w*|-?\d+|"(?:[^"\\]|\\.)*"|[{}()[\]:!=])/y;

function tokenize(text: string): string[] {
  const tokens: string[] = [];
  for (TOKEN.lastIndex = 0; TOKEN.lastIndex < text.length; ) {
    const at = TOKEN.lastIndex;
    const found = TOKEN.exec(text);
    if (found === null)
      throw new GraphqlSyntaxError(`Expected one of SCHEMA, actual: ${text.slice(at, at + 10)}`);
    if (found[1] !== undefined) tokens.push(found[1]);
  }
  return tokens;
}

export function parseGraphql(text: string, variables: Readonly<Record<string, unknown>>): Document {
  const tokens = tokenize(text);
  const peek = () => tokens[0] ?? '';
  const next = () => tokens.shift() ?? '';
  const expect = (wanted: string) => {
    const found = next();
    if (found !== wanted)
      throw new GraphqlSyntaxError(`Parse error on "${found}", expected "${wanted}"`);
  };

  const readValue = (): unknown => {
    const token = next();
    if (token.startsWith('$')) return variables[token.slice(1)];
    if (token.startsWith('"')) return JSON.parse(token) as unknown;
    if (token === 'true' || token === 'false') return token === 'true';
    if (token === 'null') return null;
    if (/^-?\d+$/.test(token)) return Number(token);
    if (token === '{') {
      const entries: [string, unknown][] = [];
      while (peek() !== '}') entries.push(readPair());
      next();
      return Object.fromEntries(entries);
    }
    if (token === '[') {
      const items: unknown[] = [];
      while (peek() !== ']') items.push(readValue());
      next();
      return items;
    }
    return token;
  };
  const readPair = (): [string, unknown] => {
    const name = next();
    expect(':');
    return [name, readValue()];
  };
  const readFields = (): Field[] => {
    if (peek() !== '{') return [];
    next();
    const fields: Field[] = [];
    while (peek() !== '}') {
      if (peek() === '') throw new GraphqlSyntaxError('Unexpected end of document');
      fields.push(readField());
    }
    next();
    return fields;
  };
  const readField = (): Field => {
    const first = next();
    if (first === '...') {
      expect('on');
      const onType = next();
      return { name: '...', alias: '...', args: {}, fields: readFields(), onType };
    }
    const hasAlias = peek() === ':';
    if (hasAlias) next();
    const name = hasAlias ? next() : first;
    const args: [string, unknown][] = [];
    if (peek() === '(') {
      next();
      while (peek() !== ')') args.push(readPair());
      next();
    }
    return { name, alias: first, args: Object.fromEntries(args), fields: readFields() };
  };

  const kind = peek() === 'mutation' ? 'mutation' : 'query';
  if (peek() !== '{') {
    next();
    // A name and the types of the variables, which GitHub checks and we leave alone.
    while (peek() !== '{' && tokens.length > 0) next();
  }
  return { kind, fields: readFields() };
}
