import { readFileSync } from 'node:fs';
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import formats from 'ajv-formats';
import type { Operation } from './operations.ts';

/** GitHub's own description of its API and webhooks, cut down by `extract-openapi.ts`. Compiled when first needed. */

type Schema = Record<string, unknown>;
type Description = {
  readonly operations: Record<
    string,
    { readonly body?: Schema; readonly answers: Record<string, Schema | null> }
  >;
  readonly components: unknown;
};
type Webhooks = { readonly webhooks: Record<string, Schema>; readonly components: unknown };

function read<T>(name: string): T {
  const file = new URL(`../../fixtures/github/${name}.json`, import.meta.url);
  return JSON.parse(readFileSync(file, 'utf8')) as T;
}

function lazily<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

const restDescription = lazily(() => read<Description>('openapi'));
const webhookDescription = lazily(() => read<Webhooks>('webhooks'));

function createAjv(description: { readonly components: unknown }): Ajv {
  const ajv = new Ajv({ strict: false, verbose: true, allErrors: false });
  formats.default(ajv);
  // Words of OpenAPI that say how wide a number is, and templates that are no addresses.
  for (const name of ['int64', 'int32', 'repo.nwo', 'ip/cidr', 'timestamp'])
    ajv.addFormat(name, true);
  // GitHub calls templates (`…/issues{/number}`) addresses.
  ajv.addFormat('uri', /^[a-z][a-z+.-]*:/i);
  ajv.addFormat('uri-template', true);
  return ajv.addSchema({ components: description.components }, 'github');
}

const restAjv = lazily(() => createAjv(restDescription()));
const webhookAjv = lazily(() => createAjv(webhookDescription()));

const compiled = new Map<string, ValidateFunction>();

function compile(ajv: Ajv, key: string, schema: Schema): ValidateFunction {
  const known = compiled.get(key);
  if (known !== undefined) return known;
  const text = JSON.stringify(schema).replaceAll('"#/components/', '"github#/components/');
  const made = ajv.compile(JSON.parse(text) as Schema);
  compiled.set(key, made);
  return made;
}

/** What GitHub would say of a body, or undefined when it fits. */
export function refuseBody(operation: Operation, body: unknown): string | undefined {
  const schema = restDescription().operations[operation]?.body;
  if (schema === undefined) return undefined;
  const check = compile(restAjv(), `body ${operation}`, schema);
  return check(body) ? undefined : `Invalid request.\n\n${complaint(check.errors)}`;
}

/** What is wrong with an answer of ours, or undefined. A status that GitHub does not name is wrong. */
export function refuseAnswer(
  operation: Operation,
  status: number,
  body: unknown,
): string | undefined {
  const schema = restDescription().operations[operation]?.answers[String(status)];
  // Errors have one shape everywhere, and GitHub names few of them.
  if (schema === undefined) return status >= 400 ? undefined : `${status} is no answer of GitHub`;
  if (schema === null || status >= 400) return undefined;
  const check = compile(restAjv(), `${status} ${operation}`, schema);
  return check(body) ? undefined : describe(check.errors);
}

export function refuseWebhook(name: string, payload: unknown): string | undefined {
  const schema = webhookDescription().webhooks[name];
  if (schema === undefined) return `GitHub sends no ${name}`;
  const check = compile(webhookAjv(), `webhook ${name}`, schema);
  return check(payload) ? undefined : describe(check.errors);
}

function describe(errors: readonly ErrorObject[] | null | undefined): string {
  return (errors ?? []).map((one) => `${one.instancePath} ${one.message ?? ''}`).join('; ');
}

/** The words of GitHub's validator, as its answers show them. */
function complaint(errors: readonly ErrorObject[] | null | undefined): string {
  const [error] = errors ?? [];
  if (error === undefined) return '';
  const { keyword, params, data } = error as { keyword: string; params: Schema; data: unknown };
  const where = error.instancePath.slice(1).replace(/^/, 'properties/');
  const shown = JSON.stringify(data);
  const size = typeof data === 'string' || Array.isArray(data) ? data.length : 0;
  switch (keyword) {
    case 'required':
      return `"${String(params.missingProperty)}" wasn't supplied.`;
    case 'maxLength':
      return `Only ${String(params.limit)} characters are allowed; ${size} were supplied.`;
    case 'maxItems':
      return `No more than ${String(params.limit)} items are allowed; ${size} were supplied.`;
    case 'enum':
      return `${shown} is not a member of ${JSON.stringify(params.allowedValues)}.`;
    case 'type':
      return `For '${where}', ${shown} is not a${/^[aeio]/.test(String(params.type)) ? 'n' : ''} ${String(params.type)}.`;
    default:
      return `For '${where}', ${shown} is not valid: ${error.message ?? keyword}.`;
  }
}
