/**
 * Every way in which a command or a run is answered, refused or passed over, each with one line that says what it
 * means. The codes stand in the ledger: never rename one.
 */
export const REASON_CODES = {
  accepted: 'the command was accepted and its runs were created',
  answered: 'the command was answered in place, nothing was started',
  joined: 'a run for the same commit and suite is already under way; the command joined it',
  cancelled_run: 'the command stopped at least one run',
  nothing_to_cancel: 'no run is queued or running that the command could stop',
  role_too_low: 'the account may not give this command here',
  not_understood: 'the line looks like a command and is none, or its arguments are wrong',
  too_many_commands: 'the comment holds more commands than are obeyed in one comment',
  not_available: 'the command is known and not part of this version yet',
  pull_request_closed: 'the pull request is closed or merged',
  not_configured: 'the repository has no configuration on its default branch',
  config_invalid: 'the configuration on the default branch has problems, so nothing is started',
  unknown_suite: 'the configuration names no such suite',
  unknown_runner: 'the configuration names a runner that this installation does not have',
  unknown_run: 'there is no such run on this pull request',
  fork_needs_approval: 'the commit comes from outside the repository and nobody has approved it',
  sha_not_head: 'the commit that was named is not the head of the pull request',
  already_known: 'the same command was seen before',
  comment_deleted: 'the comment was deleted before its run began',
  repository_not_allowed: 'the repository is not listed under `repositories` of this forge',
  repository_archived: 'the repository is archived and takes no answers',
  forge_forbidden: 'the forge does not let the bot read or answer here',
  forge_not_found: 'the forge knows no such repository, pull request or comment any more',
} as const satisfies Record<string, string>;

export type ReasonCode = keyof typeof REASON_CODES;
