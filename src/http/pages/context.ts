import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Failure } from './errors.ts';
import type { RunView } from './run-view.ts';
import type { PagesSource, RunRow } from './source.ts';

/** What the routes of one run share. */
export type PagesContext = {
  readonly source: PagesSource;
  readonly version: string;
  readonly now: () => number;
  viewRun(row: RunRow): Promise<RunView>;
  fail(request: FastifyRequest, reply: FastifyReply, failure: Failure): FastifyReply;
};
