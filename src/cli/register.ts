import type { Command } from 'commander';

/** Adds one command to the program. `setExitCode` is for answers that are no errors, such as a failed run. */
export type Register = (program: Command, setExitCode: (code: number) => void) => void;
