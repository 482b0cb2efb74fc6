/** How many pieces of one kind this process may do at once, whoever hands them out. */
export type Hands = {
  /** Takes all that are free and nobody waits for, at once. */
  takeFree(): number;
  /** Waits until one is free and takes it. */
  takeOne(): Promise<void>;
  giveBack(count: number): void;
  readonly isFull: boolean;
};

export function createHands(count: number): Hands {
  let free = count;
  const waiting: (() => void)[] = [];
  return {
    takeFree: () => {
      const taken = free;
      free = 0;
      return taken;
    },
    takeOne: async () => {
      if (free > 0) {
        free -= 1;
        return;
      }
      await new Promise<void>((resolve) => {
        waiting.push(resolve);
      });
    },
    giveBack: (given) => {
      free += given;
      while (free > 0) {
        const next = waiting.shift();
        if (next === undefined) return;
        free -= 1;
        next();
      }
    },
    get isFull() {
      return free === 0;
    },
  };
}
