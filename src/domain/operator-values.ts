import type { Finding } from './config-issues.ts';
import { valueAt } from './config-issues.ts';
import { type JsonSchema, jsonSchemaOf } from './json-schema.ts';
import { isSecretKey } from './operator-schema.ts';
import type { Path } from './yaml-source.ts';

const PREFIX = 'SIGNALBOX_';

/** `forges.acme.webhookSecret` is `SIGNALBOX_FORGES__ACME__WEBHOOK_SECRET`. */
export function variableOf(path: Path): string {
  const words = path.map((part) =>
    String(part)
      .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
      .replace(/-/g, '_')
      .toUpperCase(),
  );
  return PREFIX + words.join('__');
}

export type Overlay = {
  readonly value: unknown;
  /** Which variable gave what, by `JSON.stringify(path)`. */
  readonly origins: ReadonlyMap<string, string>;
};

/**
 * Puts `SIGNALBOX_…` variables over the file's plain data. Case and single underscores do not count; a name that
 * neither the file nor the schema has becomes a new one in small letters. Variables that begin with none of our
 * keys are not ours: CI systems and our own runs set some (`SIGNALBOX_RUN`).
 */
export function applyVariables(
  file: unknown,
  env: Readonly<Record<string, string | undefined>>,
): Overlay {
  const schema = jsonSchemaOf('operator');
  const origins = new Map<string, string>();
  let value = file;
  for (const [variable, text] of Object.entries(env).sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (text === undefined || !variable.toUpperCase().startsWith(PREFIX)) continue;
    const path = pathOf(variable.slice(PREFIX.length).split('__'), value, schema);
    if (path === undefined) continue;
    const changed = withValue(value, path, text);
    if (changed === undefined) continue;
    value = changed;
    origins.set(JSON.stringify(path), variable);
  }
  return { value, origins };
}

function pathOf(
  segments: readonly string[],
  value: unknown,
  root: JsonSchema,
): readonly string[] | undefined {
  const path: string[] = [];
  let schemas: readonly JsonSchema[] = [root];
  for (const segment of segments) {
    const bare = bareName(segment);
    const written = valueAt(value, path);
    const keys = [
      ...schemas.flatMap((schema) => Object.keys(schema.properties ?? {})),
      ...(typeof written === 'object' && written !== null ? Object.keys(written) : []),
    ];
    const known = keys.find((key) => bareName(key) === bare);
    if (known === undefined && path.length === 0) return undefined;
    const key = known ?? segment.toLowerCase().replace(/_/g, '-');
    path.push(key);
    schemas = schemas.flatMap((schema) => below(schema, key));
  }
  return path;
}

function below(schema: JsonSchema, key: string): readonly JsonSchema[] {
  const { properties, additionalProperties } = schema;
  const child =
    properties?.[key] ??
    (typeof additionalProperties === 'object' ? additionalProperties : undefined);
  return child === undefined ? [] : (child.oneOf ?? [child]);
}

function bareName(name: string): string {
  return name.replace(/[-_]/g, '').toLowerCase();
}

/** Undefined when the file has something there that is no mapping: the file's own problem is reported. */
function withValue(value: unknown, path: readonly string[], text: string): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return text;
  if (value !== undefined && value !== null && (typeof value !== 'object' || Array.isArray(value)))
    return undefined;
  const inner = withValue(valueAt(value, [key]), rest, text);
  return inner === undefined ? undefined : { ...value, [key]: inner };
}

export type Lookup = (
  kind: 'env' | 'file',
  name: string,
) => { readonly text: string } | { readonly message: string; readonly absent?: boolean };

const REFERENCE = /\$\{([^}]*)\}?/g;
/** As deep as the schema goes; an alias of itself would go on for ever. */
const MAX_DEPTH = 8;

/** Replaces `${env:NAME}` and `${file:PATH}` in all texts; what it puts in is not looked at again. */
export function resolveReferences(
  value: unknown,
  lookup: Lookup,
): { readonly value: unknown; readonly findings: readonly Finding[] } {
  const findings: Finding[] = [];
  const resolve = (part: unknown, path: Path): unknown => {
    if (path.length > MAX_DEPTH) return part;
    if (typeof part === 'string') return resolveText(part, path);
    if (Array.isArray(part)) return part.map((entry, index) => resolve(entry, [...path, index]));
    if (typeof part !== 'object' || part === null) return part;
    return Object.fromEntries(
      Object.entries(part).map(([key, entry]) => [key, resolve(entry, [...path, key])]),
    );
  };
  const resolveText = (text: string, path: Path): string =>
    text.replace(REFERENCE, (whole, inside: string) => {
      const report = (message: string) => {
        findings.push({ path, where: path, at: 'value', message });
        return whole;
      };
      const [, kind, name] = /^(env|file):(.+)$/.exec(inside) ?? [];
      if (kind === undefined || name === undefined || !whole.endsWith('}')) {
        return report(`a reference must be \${env:NAME} or \${file:PATH}`);
      }
      const found = lookup(kind === 'env' ? 'env' : 'file', name);
      if ('text' in found) return found.text;
      const isOptional = path.length === 1 && ['database', 'redis'].includes(String(path[0]));
      return found.absent && isOptional ? '' : report(found.message);
    });
  return { value: resolve(value, []), findings };
}

/** Paths of texts that must not be shown; a bare reference is no secret. */
export function secretPaths(value: unknown, path: Path = []): readonly Path[] {
  if (typeof value !== 'object' || value === null || path.length > MAX_DEPTH) return [];
  return Object.entries(value).flatMap(([key, entry]) => {
    const here = [...path, key];
    if (!isSecretKey(key)) return secretPaths(entry, here);
    return typeof entry === 'string' && /^(\$\{[^}]*\})?$/.test(entry) ? [] : [here];
  });
}
