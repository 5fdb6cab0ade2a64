import { Counter, Histogram, type Registry } from 'prom-client';
import { PREFIX } from './prefix.js';

/** What a process counts that folds: jobs, and registrations that an API takes in. */
export function foldingMetrics(registers: Registry[]) {
  return {
    jobDuration: new Histogram({
      name: `${PREFIX}job_seconds`,
      help: 'Time that a job took',
      labelNames: ['job'],
      buckets: [0.005, 0.01, 0.05, 0.1, 0.5, 1, 5],
      registers,
    }),
    folds: new Counter({
      name: `${PREFIX}folds_total`,
      help: 'Sessions folded and saved by this process; new_version: what they say of themselves changed',
      labelNames: ['result'],
      registers,
    }),
    setAsides: new Counter({
      name: `${PREFIX}set_asides_total`,
      help: 'Times that a session could not be folded by this process; see session.set_aside in the log',
      registers,
    }),
    verdicts: new Counter({
      name: `${PREFIX}verdicts_total`,
      help: 'Sessions found to be over, or over in another way than was said before, by account and outcome; reopened: they are not',
      labelNames: ['account', 'outcome'],
      registers,
    }),
    timeToTruth: new Histogram({
      name: `${PREFIX}time_to_truth_seconds`,
      help: 'Time from the end of a session to the first version that says so; of one that vanished, from the last sign of its life',
      labelNames: ['account', 'outcome'],
      buckets: [0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 1_200, 3_600],
      registers,
    }),
    feedLag: new Histogram({
      name: `${PREFIX}feed_lag_seconds`,
      help: 'Time from the receipt of evidence to the version in the change feed that it led to',
      buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300],
      registers,
    }),
  };
}
