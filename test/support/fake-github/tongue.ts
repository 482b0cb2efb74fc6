import type { Tongue } from '../../../src/forges/playground/tongue.ts';
import { authenticate, reachByGit } from './access.ts';
import { createAnnouncer } from './announce.ts';
import { answerApi } from './api.ts';
import { hookHeaders } from './hook-request.ts';
import type { Hub } from './hub.ts';
import { answerPage, isPage } from './pages.ts';

/** GitHub, reached like a GitHub Enterprise Server: pages at the root, REST below `/api/v3`. */
export function createTongue(hub: Hub): Tongue {
  return {
    isApi: (path) => path.startsWith('/api/') || isPage(path),
    answer: (context, call) =>
      call.path.startsWith('/api/')
        ? answerApi({ hub, context }, call)
        : answerPage({ hub, context }, call),
    hookTypes: [],
    authenticate: (context, header) => authenticate({ hub, context }, header),
    reach: (context, header, wanted) => reachByGit({ hub, context }, header, wanted),
    announce: createAnnouncer(hub),
    encode: (payload) => JSON.stringify(payload),
    request: (hook, delivery) => {
      const app = [...hub.apps.values()].find((one) => one.hook === hook);
      if (app === undefined) throw new Error(`hook ${hook.id} belongs to no App`);
      return { headers: hookHeaders(app, delivery), body: delivery.body };
    },
    // A redirect is a failure, and one delivery is one GUID, however often it comes.
    deliveries: { maxRedirects: 0, sameIdShare: 1 },
  };
}
