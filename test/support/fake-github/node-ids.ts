/** Global ids as GraphQL and the `node_id` fields use them: opaque outside, kind and number inside. */
const PREFIXES = {
  User: 'U',
  Bot: 'BOT',
  Organization: 'O',
  Repository: 'R',
  PullRequest: 'PR',
  IssueComment: 'IC',
  PullRequestReview: 'PRR',
  PullRequestReviewComment: 'PRRC',
  Reaction: 'REA',
  StatusContext: 'SC',
  CheckRun: 'CR',
  CheckSuite: 'CS',
  App: 'A',
  Installation: 'MDIzOkludGVncmF0aW9uSW5zdGFsbGF0aW9u',
  Commit: 'C',
} as const;

export type NodeKind = keyof typeof PREFIXES;

export function nodeId(kind: NodeKind, id: number | string): string {
  return `${PREFIXES[kind]}_${Buffer.from(`${kind}:${id}`).toString('base64url')}`;
}

export function readNodeId(node: string): { kind: string; id: string } | undefined {
  const text = Buffer.from(node.slice(node.indexOf('_') + 1), 'base64url').toString();
  const [, kind, id] = /^([A-Za-z]+):(.+)$/.exec(text) ?? [];
  if (kind === undefined || id === undefined) return undefined;
  return { kind, id };
}
