import { z } from 'zod';
import type { SessionFilters } from '../../db/sessions/read-sessions.js';
import { RECORDING_MODES } from '../../evidence/registration.js';
import { CERTAINTIES, SESSION_OUTCOMES, SESSION_STATES } from '../../sessions/verdict/session.js';
import { flagText, instant, text } from './parse-request.js';

export const sessionFilters = {
  appId: text('Of this app.').optional(),
  state: z.enum(SESSION_STATES).optional().meta({ description: 'In this state.' }),
  outcome: z.enum(SESSION_OUTCOMES).optional().meta({ description: 'That came out like this.' }),
  certainty: z.enum(CERTAINTIES).optional().meta({ description: 'Whose state is as certain as this.' }),
  mode: z.enum(RECORDING_MODES).optional().meta({ description: 'Recorded in this mode.' }),
  cname: text('Of this channel.').optional(),
  hasGaps: flagText('Whether sequence numbers are missing.').optional(),
  startedFrom: instant('Started at this moment or later.').optional(),
  startedTo: instant('Started before this moment.').optional(),
  updatedAfter: instant('With a version after this moment.').optional(),
};

type Asked = z.output<z.ZodObject<typeof sessionFilters>>;

export function readFilters({ startedFrom, startedTo, updatedAfter, ...exact }: Asked): SessionFilters {
  return { ...exact, startedFromMs: startedFrom, startedToMs: startedTo, updatedAfterMs: updatedAfter };
}
