/**
 * What our GitHub App may do and hears: exactly what the code uses. `app.yml` says the same, and a test compares them.
 */
export const PERMISSIONS = {
  // Everybody has it: repositories, and who may do what in them.
  metadata: 'read',
  // `.signalbox.yml` of the default branch, and the source under test.
  contents: 'read',
  // Comments on pull requests are comments on issues.
  issues: 'write',
  // Pull requests, comments on their lines, and folding away our own outdated comments.
  pull_requests: 'write',
  statuses: 'write',
  checks: 'write',
} as const;

/** `installation` and `installation_repositories` come to every App without being asked for. */
export const EVENTS = [
  'check_run',
  'check_suite',
  'issue_comment',
  'pull_request',
  'pull_request_review',
  'pull_request_review_comment',
] as const;
