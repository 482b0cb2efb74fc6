import {
  announceComment,
  announceDeletedBranch,
  announcePull,
  announcePush,
  announceStatus,
} from './announce.ts';
import { answerApi, authenticate } from './api.ts';
import { toGoJson } from './go-json.ts';
import type { Tongue } from './tongue.ts';
import { signedRequest } from './webhooks.ts';

/** Gitea 1.25.4, as recorded. */
export const GITEA_TONGUE: Tongue = {
  isApi: (path) => path.startsWith('/api/'),
  answer: answerApi,
  authenticate,
  hookTypes: ['gitea', 'gogs'],
  announce: {
    comment: announceComment,
    pull: announcePull,
    push: announcePush,
    deletedBranch: announceDeletedBranch,
    status: announceStatus,
  },
  encode: (payload) => toGoJson(payload, 2),
  request: signedRequest,
  deliveries: { maxRedirects: 10, sameIdShare: 0.5 },
};
