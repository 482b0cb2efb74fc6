/** Faults on the way to Drone; `before` its work is done, or `after`, when the effect is there and the answer lost. */
export type Fault =
  | { readonly kind: 'before' | 'after'; readonly status?: number; readonly text?: string }
  /** `effect: 'first'` (default): done, then answered late. `last`: late, whether or not the caller still waits. */
  | { readonly kind: 'slow'; readonly delayMs: number; readonly effect?: 'first' | 'last' }
  | { readonly kind: 'reset-before' | 'reset-after' };

export type FaultMatch = { readonly method?: string; readonly path?: RegExp | string };
export type SeenRequest = { readonly method: string; readonly path: string };

export type Faults = {
  /** The next request that matches meets the fault, or the next `times`. */
  next(match: FaultMatch, fault: Fault & { readonly times?: number }): void;
  /** Asked for every request that no planned fault matches, e.g. by a seeded dice. */
  decideBy(decide: (request: SeenRequest) => Fault | undefined): void;
  /** Takes the fault for a request; it counts as met. */
  take(request: SeenRequest): Fault | undefined;
  clear(): void;
};

export function createFaults(): Faults {
  let planned: { match: FaultMatch; fault: Fault; left: number }[] = [];
  let decide: (request: SeenRequest) => Fault | undefined = () => undefined;
  return {
    next: (match, { times = 1, ...fault }) => {
      planned.push({ match, fault, left: times });
    },
    decideBy: (decider) => {
      decide = decider;
    },
    take: (request) => {
      const plan = planned.find(({ match }) => isMatch(match, request));
      if (plan === undefined) return decide(request);
      plan.left -= 1;
      if (plan.left <= 0) planned = planned.filter((other) => other !== plan);
      return plan.fault;
    },
    clear: () => {
      planned = [];
      decide = () => undefined;
    },
  };
}

function isMatch(match: FaultMatch, request: SeenRequest): boolean {
  if (match.method !== undefined && match.method !== request.method) return false;
  if (match.path === undefined) return true;
  return typeof match.path === 'string'
    ? request.path === match.path
    : match.path.test(request.path);
}
