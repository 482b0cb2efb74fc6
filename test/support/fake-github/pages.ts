import type { Call, Reply } from '../../../src/forges/playground/http.ts';
import { registerFromManifest } from './api-manifest.ts';
import type { Scene } from './hub.ts';

/** The few pages that GitHub calls otherwise than the playground, and those for registering an App. */

const NEW_APP = /^\/(?:organizations\/([^/]+)\/)?settings\/apps\/new$/;
const PULL = /^(\/[^/]+\/[^/]+)\/pull\/(\d+)(\/files)?$/;

export function isPage(path: string): boolean {
  return NEW_APP.test(path) || PULL.test(path);
}

export async function answerPage(scene: Scene, call: Call): Promise<Reply> {
  const pull = PULL.exec(call.path);
  if (pull !== null) {
    const [, repository = '', number = '', files = ''] = pull;
    const location = `${repository}/pulls/${number}${files}`;
    return { status: 302, headers: { location } };
  }
  const [, organization] = NEW_APP.exec(call.path) ?? [];
  if (call.method !== 'POST') return { status: 200, body: 'Register new GitHub App\n' };
  await Promise.resolve();
  return registerFromManifest(scene, call, organization);
}
