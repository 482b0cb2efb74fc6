import { z } from 'zod';
import type { Finding } from '../../domain/finding.ts';
import type { Looking } from './examine-installations.ts';

const hookSchema = z.object({
  url: z.string().nullish(),
  content_type: z.string().nullish(),
  insecure_ssl: z.union([z.string(), z.number()]).nullish(),
});

const deliverySchema = z.object({
  guid: z.string(),
  delivered_at: z.string(),
  status: z.string().nullish(),
  status_code: z.number().nullish(),
  event: z.string().nullish(),
});

/** The one webhook of the App, and what became of what it sent. */
export async function* examineHook(looking: Looking & { name: string }): AsyncGenerator<Finding> {
  const { calls, name, question, options } = looking;
  const { data } = await calls.asApp('GET /app/hook/config', {}, options);
  const hook = hookSchema.catch({}).parse(data);
  const mend = [repairOf(looking)];
  const subject = 'webhook';
  if (hook.url !== question.target) {
    yield {
      tier: 'failure',
      subject,
      text: hook.url ? `goes to ${hook.url}, not to ${question.target}` : 'goes nowhere',
      consequence: 'commands are found by listing comments only, up to a minute late',
      mend,
    };
  } else if (hook.content_type !== 'json') {
    yield {
      tier: 'failure',
      subject,
      text: `sends ${hook.content_type ?? 'no content type'}, not json`,
      consequence: 'every delivery is refused with 400',
      mend,
    };
  } else if (String(hook.insecure_ssl ?? '0') !== '0') {
    yield {
      tier: 'warning',
      subject,
      text: 'does not look at the certificate of this address',
      consequence: 'somebody between could read the deliveries',
      mend,
    };
  } else yield { tier: 'ok', subject, text: `goes to ${question.target}` };
  yield await deliveriesFinding(looking, name);
}

/** `connect` mends the hook of the App by any one repository of it. */
function repairOf({ question, name }: Looking & { name: string }): string {
  const named = question.repositories.find((pattern) => !pattern.includes('*'));
  return `signalbox connect ${name} ${named ?? 'owner/repository'}`;
}

const DAY_MS = 86_400_000;

async function deliveriesFinding(
  { calls, question, options, app, url }: Looking,
  name: string,
): Promise<Finding> {
  const subject = 'sent';
  const { data } = await calls.asApp('GET /app/hook/deliveries', { per_page: 100 }, options);
  const all = deliverySchema.array().safeParse(data);
  if (!all.success) return { tier: 'skipped', subject, text: 'the answer tells no deliveries' };
  const recent = all.data.filter(({ delivered_at: at }) => Date.parse(at) > question.now - DAY_MS);
  const isGood = ({ status_code: code }: (typeof recent)[number]) =>
    code !== null && code !== undefined && code >= 200 && code < 300;
  // A redelivery has the guid of what it repeats: what arrived later is no loss.
  const arrived = new Set(recent.filter(isGood).map(({ guid }) => guid));
  const lost = recent.filter((delivery) => !isGood(delivery) && !arrived.has(delivery.guid));
  if (recent.length === 0) return { tier: 'ok', subject, text: 'nothing within a day' };
  if (lost.length === 0)
    return { tier: 'ok', subject, text: `the last ${recent.length} deliveries of a day arrived` };
  const byStatus = Map.groupBy(
    lost,
    ({ status, status_code: code }) => `${code || 'no answer'}${status ? ` (${status})` : ''}`,
  );
  const told = [...byStatus].map(([status, rows]) => `${rows.length} × ${status}`).join(', ');
  const place = app.owner?.type === 'Organization' ? `/organizations/${app.owner.login}` : '';
  // The newest tells how it is now, the others how it was.
  const isOver = recent[0] !== undefined && isGood(recent[0]);
  return {
    tier: isOver ? 'warning' : 'failure',
    subject,
    text: `of ${recent.length} deliveries of a day ${lost.length} failed: ${told}`,
    consequence: isOver
      ? 'newer ones arrived; their comments are found by listing'
      : 'commands are found by listing comments only, up to a minute late',
    mend: [
      `see ${name} webhook door, and public address`,
      `${url}${place}/settings/apps/${app.slug}/advanced`,
    ],
  };
}
