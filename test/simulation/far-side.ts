import type { Life } from './life.ts';
import type { World } from './world.ts';

/** How far sides behave: shares of calls, and ms. */
export type Weather = {
  /** The request never arrives, or is refused with a 5xx: nothing happened. */
  readonly lostBefore: number;
  /** It happened, and the answer got lost. */
  readonly lostAfter: number;
  /** Where there are limits: refused, nothing happened. */
  readonly limited: number;
  /** The connection takes long: the bytes leave late. */
  readonly slowBefore: number;
  /** The far side takes long to do it. */
  readonly slowInside: number;
  /** The process is stopped right before its bytes leave. */
  readonly stall: number;
};

export const CALM: Weather = {
  lostBefore: 0,
  lostAfter: 0,
  limited: 0,
  slowBefore: 0,
  slowInside: 0,
  stall: 0,
};

/** As `lib/http-client.ts`: a call that has no answer by then is given up; its effect may still come. */
export const CALL_TIMEOUT_MS = 10_000;
/** What must not happen twice: there a stop hurts most. */
const CREATES = /^(comments on|creates) /;
/** Longest time that a far side works on a request that reached it. */
export const LONGEST_INSIDE_MS = 4_500;

export type FarCall<T> = {
  readonly life: Life;
  readonly name: string;
  readonly options: { readonly signal?: AbortSignal; readonly guard?: () => void } | undefined;
  /** Runs at the far side, at one moment. What it throws is its answer. */
  readonly effect: () => T;
  readonly isWrite: boolean;
  /** Where writes can be too many: the refusal. */
  readonly limited?: () => Error;
  readonly unavailable: (why: string) => Error;
  /** What the adapter makes of a guard that threw. */
  readonly guarded: (cause: unknown) => Error;
};

export type FarSide = {
  call<T>(call: FarCall<T>): Promise<T>;
  /** Effects that are on their way and have not happened yet. */
  inFlight(): number;
};

export function createFarSide(
  world: World,
  options: {
    weather: () => Weather;
    /** Naive variant: nobody looks whether the lease is over before the bytes leave. */
    unguarded: boolean;
    onStall: (life: Life) => void;
  },
): FarSide {
  const { random } = world;
  let inFlight = 0;

  const call = <T>(given: FarCall<T>) =>
    new Promise<T>((resolve, reject) => {
      const { life, name } = given;
      const signal = given.options?.signal;
      const weather = options.weather();
      let settled = false;
      const finish = (act: () => void) => {
        if (settled) return;
        settled = true;
        giveUp();
        signal?.removeEventListener('abort', abort);
        act();
      };
      const fail = (error: Error) => finish(() => reject(error));
      const abort = () => fail(given.unavailable(`${name}: aborted`));
      const giveUp = life.after(CALL_TIMEOUT_MS, () =>
        fail(given.unavailable(`${name}: time-out`)),
      );
      if (signal?.aborted) life.after(0, abort);
      else signal?.addEventListener('abort', abort, { once: true });

      const land = (isAnswerLost: boolean) => {
        inFlight -= 1;
        const outcome = attempt(given.effect);
        if (given.isWrite)
          world.note(
            () =>
              `${life.name} ${name}${outcome.ok ? '' : ` refused: ${outcome.error.message}`}${isAnswerLost ? ' (answer lost)' : ''}`,
          );
        if (given.isWrite && life.reach('effect')) return;
        const back = random.chance(weather.slowInside)
          ? random.between(0, 12_000)
          : random.between(1, 60);
        life.after(back, () => {
          if (isAnswerLost) fail(given.unavailable(`${name}: the answer was lost`));
          else if (outcome.ok) finish(() => resolve(outcome.value));
          else fail(outcome.error);
        });
      };

      const leave = () => {
        if (settled) return;
        if (random.chance(weather.lostBefore)) {
          fail(given.unavailable(`${name}: 502`));
          return;
        }
        if (given.limited && random.chance(weather.limited)) {
          fail(given.limited());
          return;
        }
        try {
          if (!options.unguarded) given.options?.guard?.();
        } catch (error) {
          world.note(() => `${life.name} ${name} held back by the guard`);
          fail(given.guarded(error));
          return;
        }
        inFlight += 1;
        const inside = random.chance(weather.slowInside)
          ? random.between(0, LONGEST_INSIDE_MS)
          : random.between(1, 60);
        const isAnswerLost = random.chance(weather.lostAfter);
        world.after(inside, () => land(isAnswerLost));
      };

      const before = random.chance(weather.slowBefore)
        ? random.between(0, CALL_TIMEOUT_MS)
        : random.between(0, 20);
      if (CREATES.test(name) && random.chance(weather.stall)) options.onStall(life);
      life.after(before, leave);
    });

  return { call, inFlight: () => inFlight };
}

type Outcome<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: Error };

function attempt<T>(effect: () => T): Outcome<T> {
  try {
    return { ok: true, value: effect() };
  } catch (error) {
    return { ok: false, error: error instanceof Error ? error : new Error(String(error)) };
  }
}
