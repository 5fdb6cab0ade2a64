import type { SessionFacts } from '../sessions/facts.js';
import { registrationFactsOf, type RegistrationFacts } from '../sessions/registrations.js';

/** Facts as a row has them: an older release that runs beside knows of one registration only. */
export type StoredFacts = Omit<SessionFacts, 'registrations'> & {
  registrations?: RegistrationFacts;
};

export function toFacts(stored: StoredFacts): SessionFacts {
  const registrations = stored.registrations ?? registrationFactsOf(stored.registration);
  return { ...stored, registrations };
}
