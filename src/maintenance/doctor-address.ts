import type { Finding } from '../domain/finding.ts';
import type { HttpAnswer, HttpClient } from '../lib/http-client.ts';
import { sentence } from './doctor.ts';

const TIMEOUT_MS = 10_000;

type Parts = {
  readonly url: string;
  readonly listen: { readonly host: string; readonly port: number };
  readonly version: string;
  readonly http: HttpClient;
};

/** Whether `url` leads to us. Asked from this host: the forge may see another network. */
export async function* examineAddress(parts: Parts, signal: AbortSignal): AsyncGenerator<Finding> {
  const { url, version, http } = parts;
  const subject = 'public address';
  const target = `${url}/healthz`;
  let answer: HttpAnswer;
  try {
    answer = await http.call({ method: 'GET', url: target, timeoutMs: TIMEOUT_MS, signal });
  } catch (error) {
    yield { ...failed(parts), text: `${target}, asked from this host: ${sentence(error)}` };
    return;
  }
  const said = read(answer.text);
  if (answer.status !== 200 || said?.status !== 'ok') {
    const what = answer.status === 200 ? '200, but it is not Signalbox' : String(answer.status);
    yield { ...failed(parts), text: `${target} → ${what}` };
    return;
  }
  if (said.version !== version) {
    yield {
      tier: 'warning',
      subject,
      text: `${url} is Signalbox ${said.version ?? 'of an older version'}, this is ${version}`,
      consequence: 'what is told here may not be what serves',
      mend: ['restart `signalbox serve`'],
    };
    return;
  }
  const text = `${url} is this version, asked from this host`;
  yield { tier: 'ok', subject, text };
}

function failed({ listen }: Parts): Omit<Finding, 'text'> {
  const { host, port } = listen;
  return {
    tier: 'failure',
    subject: 'public address',
    consequence: 'no webhook arrives, and the links in comments lead nowhere',
    mend: [
      'is it running? signalbox serve',
      `is a proxy before it? it must pass everything on to ${host}:${port}`,
    ],
  };
}

function read(text: string): { status?: string; version?: string } | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
