import { judge, type JudgedLife } from '../judged.js';
import type { VirtualLife } from '../../virtual-session.js';
import {
  endsAreLookedAtAgain,
  lateNewsDoesNotReopen,
  lifeAfterAnEndIsLookedAt,
  refusedIsAskedAgain,
} from './asking.js';
import { confirmedByALastLook, confirmedIsTrue, heardExitsAreConfirmed } from './certainty.js';
import {
  completedHasACause,
  heardCausesDecide,
  heardExitsDecide,
  intervalsHoldTheEnd,
  neverStartedWasNeverSeen,
} from './endings.js';
import { everythingIsKept, orderDoesNotMatter, restsOnEvidence } from './evidence.js';
import { falseEndsAreTakenBack, neverAFalseEnd } from './false-ends.js';
import { neverForgotten } from './forgotten.js';
import { absenceIsProven, closedWindowProvesNothing } from './proofs.js';

/** Each returns what is wrong with a life, in words; nothing where the rule was kept. */
export const ORACLES: Readonly<Record<string, (life: JudgedLife) => string[]>> = {
  neverAFalseEnd,
  falseEndsAreTakenBack,
  neverForgotten,
  orderDoesNotMatter,
  lateNewsDoesNotReopen,
  lifeAfterAnEndIsLookedAt,
  endsAreLookedAtAgain,
  refusedIsAskedAgain,
  restsOnEvidence,
  everythingIsKept,
  intervalsHoldTheEnd,
  confirmedIsTrue,
  confirmedByALastLook,
  heardExitsAreConfirmed,
  heardExitsDecide,
  heardCausesDecide,
  completedHasACause,
  neverStartedWasNeverSeen,
  absenceIsProven,
  closedWindowProvesNothing,
};

export type Broken = { rule: string; messages: readonly string[] };

/** The rules that a life breaks, each with its first few reasons. */
export function brokenRules(life: VirtualLife): readonly Broken[] {
  const judged = judge(life);
  return Object.entries(ORACLES).flatMap(([rule, oracle]) => {
    const messages = oracle(judged).slice(0, 3);
    return messages.length === 0 ? [] : [{ rule, messages }];
  });
}
