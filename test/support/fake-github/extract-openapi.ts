/**
 * Cuts out of GitHub's descriptions what the fake GitHub speaks, into `test/fixtures/github`. Run by hand, since the
 * packages are some 400 MB:
 *
 *   npm pack @octokit/openapi@23.0.2 @octokit/openapi-webhooks@12.1.0 @octokit/webhooks-examples@7.6.1
 *   (unpack each below one directory as `openapi`, `openapi-webhooks`, `webhooks-examples`)
 *   node test/support/fake-github/extract-openapi.ts <directory>
 *
 * Descriptions, examples and titles are dropped; `nullable` of OpenAPI 3.0 becomes a type of JSON Schema.
 */
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { OPERATIONS } from './operations.ts';

type Node = { [key: string]: unknown };

const EXAMPLES: Readonly<Record<string, (payload: Node) => boolean>> = {
  'issue_comment created': (payload) => 'installation' in payload,
  'pull_request opened': (payload) => 'installation' in payload && 'organization' in payload,
  'pull_request synchronize': (payload) => 'installation' in payload,
  'pull_request_review submitted': (payload) => 'organization' in payload,
  'pull_request_review_comment created': (payload) => 'organization' in payload,
  'check_run requested_action': () => true,
  'check_suite rerequested': (payload) => 'organization' in payload,
  'installation created': (payload) => 'requester' in payload,
  'installation_repositories added': (payload) => 'requester' in payload,
  push: (payload) => 'installation' in payload && payload.head_commit !== null,
  ping: (payload) => (payload.hook as Node).type === 'App' || 'organization' in payload,
};

const WEBHOOKS = [
  ...['created', 'edited', 'deleted'].map((action) => `issue-comment-${action}`),
  ...['opened', 'synchronize', 'reopened', 'closed', 'edited'].map(
    (action) => `pull-request-${action}`,
  ),
  ...['submitted', 'edited'].map((action) => `pull-request-review-${action}`),
  ...['created', 'edited', 'deleted'].map((action) => `pull-request-review-comment-${action}`),
  ...['created', 'completed', 'rerequested', 'requested-action'].map((a) => `check-run-${a}`),
  ...['requested', 'completed', 'rerequested'].map((action) => `check-suite-${action}`),
  ...['created', 'deleted', 'suspend', 'unsuspend'].map((action) => `installation-${action}`),
  ...['added', 'removed'].map((action) => `installation-repositories-${action}`),
  'push',
  'ping',
];

const IDLE_WORDS = new Set([
  'description',
  'example',
  'examples',
  'title',
  'externalDocs',
  'x-github',
  'x-github-breaking-changes',
  'x-multi-segment',
  'deprecated',
  'default',
  'discriminator',
  'readOnly',
]);

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A schema of JSON Schema draft 7. `named`: the keys here are names of fields, not words of the schema language. */
function clean(value: unknown, named = false): unknown {
  if (Array.isArray(value)) return value.map((one) => clean(one));
  if (!isNode(value)) return value;
  const kept = Object.entries(value)
    .filter(([key]) => named || (!IDLE_WORDS.has(key) && key !== 'nullable'))
    .map(([key, inner]) => [key, clean(inner, !named && key === 'properties')] as const);
  const node: Node = Object.fromEntries(kept);
  return !named && value.nullable === true ? nullable(node) : node;
}

function nullable(node: Node): Node {
  if (typeof node.type !== 'string') return { anyOf: [{ type: 'null' }, node] };
  const values = Array.isArray(node.enum) ? { enum: [...(node.enum as unknown[]), null] } : {};
  return { ...node, ...values, type: [node.type, 'null'] };
}

/** Names of the components that a part refers to, and those that they refer to. */
function referenced(part: unknown, components: Node, found: Set<string> = new Set()): Set<string> {
  for (const [, kind = '', name = ''] of JSON.stringify(part).matchAll(
    /"#\/components\/([\w-]+)\/([\w.-]+)"/g,
  )) {
    const key = `${kind}/${name}`;
    if (found.has(key)) continue;
    found.add(key);
    referenced((components[kind] as Node)[name], components, found);
  }
  return found;
}

function resolve(value: unknown, components: Node): Node {
  const node = value as Node;
  if (typeof node.$ref !== 'string') return node;
  const [kind = '', name = ''] = node.$ref.split('/').slice(2);
  return (components[kind] as Node)[name] as Node;
}

const jsonSchema = (part: Node) => {
  const content = (part.content ?? {}) as Record<string, { schema?: unknown }>;
  const media = Object.entries(content).find(([type]) => /json/.test(type));
  return media?.[1].schema;
};

/** Where the description contradicts itself: lists of installations have an account that nothing could be. */
const CORRECTIONS: Readonly<Record<string, unknown>> = {
  '200 GET /app/installations': {
    type: 'array',
    items: { $ref: '#/components/schemas/installation' },
  },
};

/** `head.repo` of a deleted fork is null: the events about reviews say so, the other schemas forgot. */
function mendHead(name: string, schema: unknown): unknown {
  if (name !== 'pull-request' && name !== 'pull-request-simple') return schema;
  const mended = structuredClone(schema) as { properties: { head: { properties: Node } } };
  const head = mended.properties.head.properties;
  head.repo = { anyOf: [{ type: 'null' }, head.repo] };
  return mended;
}

function withComponents(parts: Node, components: Node): Node {
  const schemas: Node = {};
  for (const key of referenced(parts, components)) {
    const [kind = '', name = ''] = key.split('/');
    if (kind === 'schemas')
      schemas[name] = mendHead(name, clean((components.schemas as Node)[name]));
  }
  return { ...parts, components: { schemas } };
}

async function readJson(...parts: string[]): Promise<Node> {
  return JSON.parse(await readFile(path.join(...parts), 'utf8')) as Node;
}

async function extractOperations(directory: string): Promise<Node> {
  const description = await readJson(directory, 'openapi/generated/api.github.com.json');
  const { version } = await readJson(directory, 'openapi/package.json');
  const components = description.components as Node;
  const operations: Node = {};
  for (const name of OPERATIONS) {
    const [method = '', address = ''] = name.split(' ');
    const operation = (description.paths as Record<string, Node>)[address]?.[method.toLowerCase()];
    if (!isNode(operation)) throw new Error(`GitHub has no ${name}`);
    const request = operation.requestBody;
    const body = request === undefined ? undefined : jsonSchema(resolve(request, components));
    const answers = Object.entries(operation.responses as Node).map(([status, answer]) => {
      const schema = CORRECTIONS[`${status} ${name}`] ?? jsonSchema(resolve(answer, components));
      return [status, schema === undefined ? null : clean(schema)] as const;
    });
    operations[name] = {
      ...(body === undefined ? {} : { body: clean(body) }),
      answers: Object.fromEntries(answers),
    };
  }
  return {
    source: `@octokit/openapi ${String(version)}`,
    ...withComponents({ operations }, components),
  };
}

async function extractWebhooks(directory: string): Promise<Node> {
  const description = await readJson(directory, 'openapi-webhooks/generated/api.github.com.json');
  const { version } = await readJson(directory, 'openapi-webhooks/package.json');
  const components = description.components as Node;
  const webhooks: Node = {};
  for (const name of WEBHOOKS) {
    const post = (description.webhooks as Record<string, Node>)[name]?.post;
    if (!isNode(post)) throw new Error(`GitHub has no webhook ${name}`);
    webhooks[name] = clean(jsonSchema(post.requestBody as Node));
  }
  const source = `@octokit/openapi-webhooks ${String(version)}`;
  return { source, ...withComponents({ webhooks }, components) };
}

async function extractExamples(directory: string, target: string): Promise<void> {
  const all = (await readJson(
    directory,
    'webhooks-examples/api.github.com/index.json',
  )) as unknown as readonly { readonly name: string; readonly examples: readonly Node[] }[];
  for (const [name, isWanted] of Object.entries(EXAMPLES)) {
    const [event, action] = name.split(' ');
    const fitting = (all.find((one) => one.name === event)?.examples ?? []).filter(
      (payload) => action === undefined || payload.action === action,
    );
    const example = fitting.find(isWanted) ?? fitting[0];
    if (example === undefined) throw new Error(`there is no example of ${name}`);
    const file = path.join(target, 'examples', `${name.replaceAll(/[ _]/g, '-')}.json`);
    await writeFile(file, `${JSON.stringify(example)}\n`);
  }
}

const [directory] = process.argv.slice(2);
if (directory === undefined) throw new Error('say where the packages are unpacked');
const target = path.join(import.meta.dirname, '../../fixtures/github');
const write = (name: string, value: unknown) =>
  writeFile(path.join(target, name), `${JSON.stringify(value)}\n`);
await write('openapi.json', await extractOperations(directory));
await write('webhooks.json', await extractWebhooks(directory));
await extractExamples(directory, target);
