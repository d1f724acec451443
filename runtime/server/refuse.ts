import type { FastifyReply } from 'fastify';
import type { Refusal } from './api.ts';
import type { ErrorReport } from './error-report.ts';

/** Answers that what was asked for can't be done. */
export function refuse(reply: FastifyReply, status: number, error: ErrorReport): FastifyReply {
  return reply.code(status).send({ error } satisfies Refusal);
}

/** The status of a runtime that is on its way out: what was asked for can be done elsewhere. */
export const stoppingStatus = 503;
