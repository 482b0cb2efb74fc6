/** What goes wrong on purpose. Inert unless a test or the demo asks for it. */

export type RequestFault = {
  /**
   * `before`: the answer is an error and nothing happened; `after`: it happened, the answer is an error all
   * the same; `slow`: late but right; `reset-…`: the connection breaks instead of an answer; `overtaken`: the
   * answer is an error at once, and it happens `delayMs` later.
   */
  readonly kind: 'before' | 'after' | 'slow' | 'reset-before' | 'reset-after' | 'overtaken';
  /** Of the error; 502 unless told. */
  readonly status?: number;
  readonly delayMs?: number;
  /** How many requests it meets; 1 unless told, `Infinity` for all. */
  readonly times?: number;
  /** Asked for each matching request; false spares it. */
  readonly chance?: () => boolean;
};

type RequestMatch = {
  readonly method?: string;
  /** Against the path with its query. Without it: every path of the API. */
  readonly path?: RegExp;
};

type WebhookFaults = {
  /** Share of deliveries never sent, 0 to 1. */
  readonly lose?: number;
  /** Share sent twice: half of them as a resend with the same id, half with a new id and the same body. */
  readonly duplicate?: number;
  /** Deliveries that wait at the same time leave in random order. */
  readonly shuffle?: boolean;
  readonly delayMs?: number;
  /** Gives numbers in [0, 1). */
  readonly random: () => number;
};

export type Faults = {
  next(match: RequestMatch, fault: RequestFault): void;
  webhooks(faults: WebhookFaults | undefined): void;
  /** New comments are missing from lists for so long, by the playground's clock. */
  listLagMs: number;
  /** Every request is answered 503. */
  unavailable: boolean;
  /** Back to health; what is on its way stays as it is. */
  clear(): void;
  /** For the server: the fault that meets this request, used up by asking. */
  take(method: string, path: string): RequestFault | undefined;
  readonly webhookFaults: WebhookFaults | undefined;
};

type Armed = { readonly match: RequestMatch; readonly fault: RequestFault; left: number };

const ANY_API_PATH = /^\/api\//;

export function createFaults(): Faults {
  let armed: Armed[] = [];
  let webhookFaults: WebhookFaults | undefined;
  return {
    listLagMs: 0,
    unavailable: false,
    next: (match, fault) => {
      armed.push({ match, fault, left: fault.times ?? 1 });
    },
    webhooks: (faults) => {
      webhookFaults = faults;
    },
    clear() {
      armed = [];
      webhookFaults = undefined;
      this.listLagMs = 0;
      this.unavailable = false;
    },
    take: (method, path) => {
      const hit = armed.find((candidate) => meets(candidate, method, path));
      if (hit === undefined) return undefined;
      hit.left -= 1;
      if (hit.left <= 0) armed = armed.filter((other) => other !== hit);
      return hit.fault;
    },
    get webhookFaults() {
      return webhookFaults;
    },
  };
}

function meets({ match, fault }: Armed, method: string, path: string): boolean {
  return (
    (match.method === undefined || match.method === method) &&
    (match.path ?? ANY_API_PATH).test(path) &&
    (fault.chance === undefined || fault.chance())
  );
}
