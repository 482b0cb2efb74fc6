import type { FastifyReply } from 'fastify';

/** The envelope in which programs get every failure: `{"error":{"code","message"}}`. */
export function sendJsonError(
  reply: FastifyReply,
  status: number,
  code: string,
  message: string,
): FastifyReply {
  return reply.code(status).send({ error: { code, message } });
}
