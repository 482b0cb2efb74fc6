import { addReaction, removeReaction } from '../../../src/forges/playground/actions-comments.ts';
import type { Reply } from '../../../src/forges/playground/http.ts';
import type { Comment, Repository } from '../../../src/forges/playground/world.ts';
import { isGranted, reaches } from './access.ts';
import { type ApiCall, type InstallationCaller, json, refuse, text } from './call.ts';
import { type Document, type Field, GraphqlSyntaxError, parseGraphql } from './graphql-parse.ts';
import { nodeId, readNodeId } from './node-ids.ts';
import { isoTime, type Json } from './views.ts';
import { REACTIONS, reactionIdOf } from './views-comments.ts';

/** What REST has no words for: folding comments away, and reactions to reviews. Errors come with status 200. */

const WORDS = [
  'THUMBS_UP',
  'THUMBS_DOWN',
  'LAUGH',
  'HOORAY',
  'CONFUSED',
  'HEART',
  'ROCKET',
  'EYES',
];

const CLASSIFIERS = [
  'ABUSE',
  'DUPLICATE',
  'LOW_QUALITY',
  'OFF_TOPIC',
  'OUTDATED',
  'RESOLVED',
  'SPAM',
];

class GraphqlError extends Error {
  override readonly name = 'GraphqlError';
  readonly details: Json;

  constructor(message: string, details: Json = {}) {
    super(message);
    this.details = details;
  }
}

const forbidden = () =>
  new GraphqlError('Resource not accessible by integration', {
    type: 'FORBIDDEN',
    extensions: { saml_failure: false },
  });

/** Fields by type: what is asked for beside them is an error of the whole document. */
const FIELDS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  Query: { viewer: 'User', node: 'Node' },
  Mutation: {
    minimizeComment: 'MinimizeCommentPayload',
    unminimizeComment: 'UnminimizeCommentPayload',
    addReaction: 'AddReactionPayload',
    removeReaction: 'RemoveReactionPayload',
  },
  MinimizeCommentPayload: { clientMutationId: '', minimizedComment: 'Minimizable' },
  UnminimizeCommentPayload: { clientMutationId: '', unminimizedComment: 'Minimizable' },
  AddReactionPayload: { clientMutationId: '', reaction: 'Reaction', subject: 'Reactable' },
  RemoveReactionPayload: { clientMutationId: '', reaction: 'Reaction', subject: 'Reactable' },
  Minimizable: { isMinimized: '', minimizedReason: '', viewerCanMinimize: '' },
  Reaction: { id: '', databaseId: '', content: '', createdAt: '' },
  Reactable: { id: '', databaseId: '', viewerCanReact: '' },
  User: { login: '', id: '' },
  Node: { id: '', __typename: '' },
  IssueComment: { id: '', isMinimized: '', minimizedReason: '' },
  PullRequestReview: { id: '', isMinimized: '', minimizedReason: '' },
  PullRequestReviewComment: { id: '', isMinimized: '', minimizedReason: '' },
};

export async function answerGraphql(call: ApiCall): Promise<Reply> {
  const { caller } = call;
  if (caller.kind !== 'installation')
    throw refuse(401, 'This endpoint requires you to be authenticated.');
  await Promise.resolve();
  const variables = (call.input.variables ?? {}) as Json;
  try {
    const document = parseGraphql(text(call.input.query), variables);
    const problems = complaintsOf(
      document.fields,
      document.kind === 'mutation' ? 'Mutation' : 'Query',
    );
    if (problems.length > 0) return json(200, { errors: problems });
    return json(200, run({ ...call, caller }, document));
  } catch (error) {
    if (!(error instanceof GraphqlSyntaxError)) throw error;
    return json(200, { errors: [{ message: error.message, locations: [{ line: 1, column: 1 }] }] });
  }
}

function complaintsOf(fields: readonly Field[], typeName: string): Json[] {
  return fields.flatMap((field) => {
    if (field.onType !== undefined) return complaintsOf(field.fields, field.onType);
    const type = FIELDS[typeName]?.[field.name];
    if (type === undefined && field.name !== '__typename')
      return [
        {
          message: `Field '${field.name}' doesn't exist on type '${typeName}'`,
          path: [field.name],
          extensions: { code: 'undefinedField', typeName, fieldName: field.name },
          locations: [{ line: 1, column: 1 }],
        },
      ];
    return type === undefined || type === '' ? [] : complaintsOf(field.fields, type);
  });
}

type Asked = ApiCall & { readonly caller: InstallationCaller };

function run(call: Asked, document: Document): Json {
  const data: Json = {};
  const errors: Json[] = [];
  for (const field of document.fields) {
    try {
      data[field.alias] = pick(resolve(call, field), field.fields);
    } catch (error) {
      if (!(error instanceof GraphqlError)) throw error;
      data[field.alias] = null;
      const { message, details } = error;
      const { type, ...more } = details;
      const path = [field.alias];
      const locations = [{ line: 1, column: 1 }];
      errors.push({ ...(type === undefined ? {} : { type }), path, ...more, locations, message });
    }
  }
  return errors.length === 0 ? { data } : { data, errors };
}

function pick(value: unknown, fields: readonly Field[]): unknown {
  if (fields.length === 0 || typeof value !== 'object' || value === null) return value;
  const source = value as Json;
  const picked: Json = {};
  for (const field of fields) {
    if (field.onType !== undefined) {
      if (field.onType === source.__typename) Object.assign(picked, pick(value, field.fields));
    } else picked[field.alias] = pick(source[field.name] ?? null, field.fields);
  }
  return picked;
}

function resolve(call: Asked, { name, args }: Field): Json | null {
  if (name === 'viewer') return { login: call.caller.user.login, id: String(call.caller.user.id) };
  if (name === 'node') {
    const subject = findSubject(call, text(args.id));
    return { ...minimizable(call, subject.node), id: subject.node, __typename: subject.kind };
  }
  const input = (args.input ?? {}) as Json;
  const subject = findSubject(call, text(input.subjectId));
  if (!isGranted(call.caller.installation.permissions, subject.accepted)) throw forbidden();
  if (!isGranted(call.caller.token.permissions, subject.accepted)) throw forbidden();
  const clientMutationId = input.clientMutationId ?? null;
  if (name === 'addReaction' || name === 'removeReaction')
    return { clientMutationId, ...react(call, subject, { name, content: text(input.content) }) };
  if (name === 'unminimizeComment') {
    call.hub.minimized.delete(subject.node);
    return { clientMutationId, unminimizedComment: minimizable(call, subject.node) };
  }
  const classifier = text(input.classifier);
  if (!CLASSIFIERS.includes(classifier))
    throw new GraphqlError(
      `Argument 'classifier' on InputObject 'MinimizeCommentInput' has an invalid value (${classifier}). Expected type 'ReportedContentClassifiers!'.`,
      { extensions: { code: 'argumentLiteralsIncompatible' } },
    );
  call.hub.minimized.set(subject.node, classifier);
  return { clientMutationId, minimizedComment: minimizable(call, subject.node) };
}

function minimizable({ hub }: ApiCall, node: string): Json {
  const classifier = hub.minimized.get(node);
  return {
    isMinimized: classifier !== undefined,
    minimizedReason: classifier?.toLowerCase() ?? null,
    viewerCanMinimize: true,
  };
}

type Subject = {
  readonly node: string;
  readonly kind: string;
  readonly id: number;
  readonly accepted: string;
  readonly reacted: Pick<Comment, 'reactions'>;
};

function findSubject(call: Asked, node: string): Subject {
  const { kind = '', id = '' } = readNodeId(node) ?? {};
  const number = Number(id);
  const found =
    kind === 'IssueComment'
      ? call.context.world.comments.get(number)
      : kind === 'PullRequestReview'
        ? call.hub.reviews.get(number)
        : kind === 'PullRequestReviewComment'
          ? call.hub.reviewComments.get(number)
          : undefined;
  const repository = found && call.context.world.repositories.get(found.repositoryId);
  if (repository === undefined || !isSeen(call, repository))
    throw new GraphqlError(`Could not resolve to a node with the global id of '${node}'`, {
      type: 'NOT_FOUND',
    });
  if (!reaches(call.caller, repository)) throw forbidden();
  const accepted =
    kind === 'IssueComment' ? 'issues=write; pull_requests=write' : 'pull_requests=write';
  return { node, kind, id: number, accepted, reacted: found as Pick<Comment, 'reactions'> };
}

const isSeen = (call: Asked, repository: Repository) =>
  !repository.isPrivate || reaches(call.caller, repository);

function react(
  call: Asked,
  subject: Subject,
  wanted: { readonly name: string; readonly content: string },
): Json {
  const content = REACTIONS[WORDS.indexOf(wanted.content)];
  if (content === undefined)
    throw new GraphqlError(`Expected "${wanted.content}" to be one of: ${WORDS.join(', ')}`);
  const reacted = subject.reacted as Comment;
  const by = call.caller.user;
  const known = reacted.reactions.find((one) => one.userId === by.id && one.content === content);
  if (wanted.name === 'removeReaction') {
    if (known === undefined)
      throw new GraphqlError('Could not find the reaction to remove.', { type: 'NOT_FOUND' });
    removeReaction(call.context, reacted, { by, content });
  }
  const reaction =
    wanted.name === 'removeReaction'
      ? known
      : addReaction(call.context, reacted, { by, content }).reaction;
  if (reaction === undefined) throw forbidden();
  const id = reactionIdOf(call, reaction);
  const shown = {
    id: nodeId('Reaction', id),
    databaseId: id,
    content: wanted.content,
    createdAt: isoTime(reaction.createdAt),
  };
  return { reaction: shown, subject: { id: subject.node, databaseId: subject.id } };
}
