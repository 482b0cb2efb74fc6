import type { HelpSection, PagesSource, RunRow } from './source.ts';

/** Everything that the page of one run is made of. */
export type RunView = {
  readonly row: RunRow;
  readonly links: ReturnType<PagesSource['links']>;
  readonly artifacts: readonly { readonly name: string; readonly bytes: number }[];
  readonly help: readonly HelpSection[];
  readonly now: number;
};
