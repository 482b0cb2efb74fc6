import { OPERATOR_EXAMPLE, REPOSITORY_EXAMPLE } from './config-examples.ts';
import { type JsonSchema, jsonSchemaOf } from './json-schema.ts';
import { variableOf } from './operator-values.ts';

type Row = {
  readonly path: readonly string[];
  readonly schema: JsonSchema;
  readonly isRequired: boolean;
};

/** The whole text of `docs/configuration.md`, from the schemas; `npm run docs` writes it. */
export function renderConfigDocs(): string {
  return `# Configuration

<!-- Generated from the schemas in src/domain by \`npm run docs\`. Do not edit. -->

There are two files. \`signalbox.yml\` belongs to the operator of an installation. \`.signalbox.yml\` belongs to a
repository and is obeyed only from its default branch. \`signalbox lint\` checks either. Everything that is wrong is
reported at once, with line and column. With a wrong operator file the process ends with exit code 78.

## signalbox.yml

Looked for in this order: \`--config FILE\`, the file that \`SIGNALBOX_CONFIG\` names, \`signalbox.yml\` in the working
directory. Without a file the environment has to be enough. Relative paths start at the working directory.

\`\`\`yaml
${OPERATOR_EXAMPLE}\`\`\`

Every key is also an environment variable, which wins over the file: \`SIGNALBOX_\`, then the parts of the key with two
underscores between them. Case and single underscores do not count. A name that the file does not have is made, in
small letters: \`SIGNALBOX_FORGES__ACME__TOKEN\` is \`forges.acme.token\`. Lists are written with commas.

A value, or a part of one, may be \`\${env:NAME}\` or \`\${file:PATH}\` (without the line break at its end). A variable or
file that is missing is an error, save a missing variable for \`database\` and \`redis\`. Secrets that are empty, well
known or, for webhooks, shorter than 16 characters are refused.

${table(rowsOf(jsonSchemaOf('operator')), true)}

## .signalbox.yml

\`\`\`yaml
${REPOSITORY_EXAMPLE}\`\`\`

Durations are \`500ms\`, \`90s\`, \`10m\` or \`1h\`; sizes \`512m\`, \`2g\` or bytes. Commands are lists of words: no shell reads
them. Names of \`params\` are capital letters, digits and \`_\`; \`DRONE_\`, \`CI_\` and \`SIGNALBOX_\` are reserved. Their values
hold only letters, digits and \`. _ / @ : + -\`, because Drone splices them into its pipeline as text.

${table(rowsOf(jsonSchemaOf('repository')), false)}
`;
}

/** Every key that a person can write, parents before children. */
function rowsOf(schema: JsonSchema, path: readonly string[] = []): readonly Row[] {
  const properties = collapse(Object.entries(schema.properties ?? {})).flatMap(([key, child]) => {
    const row = { path: [...path, key], schema: child, isRequired: isRequired(schema, key) };
    return [row, ...rowsOf(child, row.path)];
  });
  const { additionalProperties: any, items } = schema;
  return [
    ...properties,
    ...(typeof any === 'object' ? rowsOf(any, [...path, '<name>']) : []),
    ...(items?.properties ? rowsOf(items, [...path, '<n>']) : []),
    ...(schema.oneOf ?? []).flatMap((variant) => rowsOf(variant, path)),
  ].filter(isFirst);
}

/** Many neighbours of exactly one shape, such as a rule for each command, are told once. */
function collapse(entries: readonly [string, JsonSchema][]): readonly [string, JsonSchema][] {
  const shapes = entries.map(([, schema]) => JSON.stringify(schema));
  return entries.flatMap(([key, schema], index) => {
    if (shapes.filter((shape) => shape === shapes[index]).length < 3) return [[key, schema]];
    return shapes.indexOf(shapes[index] ?? '') === index ? [['<name>', schema]] : [];
  });
}

function isRequired(schema: JsonSchema, key: string): boolean {
  return (schema.required ?? []).includes(key);
}

/** Variants of a runner share keys with one meaning; the kinds themselves are each told. */
function isFirst(row: Row, index: number, rows: readonly Row[]): boolean {
  const key = (other: Row) => `${other.path.join('.')} ${other.schema.description ?? ''}`;
  return rows.findIndex((other) => key(other) === key(row)) === index;
}

function table(rows: readonly Row[], hasVariables: boolean): string {
  const head = hasVariables
    ? ['Key', 'Environment variable', 'Default', 'Meaning']
    : ['Key', 'Default', 'Meaning'];
  const lines = rows.filter(isWorthARow).map((row) => {
    const key = `\`${row.path.join('.')}\``;
    const variable = isLeaf(row.schema) ? `\`${variableOf(row.path)}\`` : '';
    const cells = [key, ...(hasVariables ? [variable] : []), defaultOf(row), meaningOf(row.schema)];
    return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  });
  return [`| ${head.join(' | ')} |`, `|${' :-- |'.repeat(head.length)}`, ...lines].join('\n');
}

function isLeaf({ properties, additionalProperties, oneOf }: JsonSchema): boolean {
  return !properties && !oneOf && typeof additionalProperties !== 'object';
}

function isWorthARow({ schema }: Row): boolean {
  return isLeaf(schema) || schema.description !== undefined;
}

function defaultOf({ schema, isRequired }: Row): string {
  if (schema.default !== undefined) {
    const text =
      typeof schema.default === 'string' ? schema.default : JSON.stringify(schema.default);
    return `\`${text}\``;
  }
  return isRequired ? 'required' : '';
}

function meaningOf(schema: JsonSchema): string {
  const values = schema.const === undefined ? schema.enum : [schema.const];
  const choice = values?.map((value) => `\`${String(value)}\``).join(', ');
  return [choice, schema.description].filter((part) => part !== undefined).join(': ');
}
