import { liveVirtually } from '../../support/virtual-session.js';
import { brokenRules } from '../../support/worlds/oracles/all.js';
import { judge } from '../../support/worlds/judged.js';
import { planQuery } from '../../../src/reconcile/plan-query.js';
import { RULES, START } from '../../support/builders.js';
it('debug', () => {
  const world = JSON.parse(process.env['WORLD'] ?? '{}');
  const life = liveVirtually(world);
  const j = judge(life);
  const s = (ms: any) => (ms == null ? null : ((ms - START) / 1000).toFixed(1));
  const out: string[] = [];
  const t = life.truth;
  out.push(
    `truth start 0 ready ${s(t.readyMs)} stopping ${s(t.stoppingMs)} until ${s(t.aliveUntilMs)} ${t.fate} ${t.mode} uid ${t.uid} failovers ${JSON.stringify(t.failovers.map((f) => [s(f.atMs), s(f.backAtMs), f.newUid]))} knownBy ${s(life.knownByMs)}`,
  );
  life.versions.forEach((v, i) => {
    const e: any = life.evidence[v.known - 1];
    const x = j.sessions[i]!;
    const what =
      e.kind === 'notice'
        ? `notice ${e.eventType} uid ${e.uid} app ${e.appId} at ${s(e.occurredMs)} ${JSON.stringify(e.event)}`
        : e.kind === 'observation'
          ? `query ${s(e.askedMs)}..${s(e.answeredMs)} ${e.outcome.kind} ${e.outcome.answer?.status ?? ''} x${e.count}`
          : JSON.stringify(e);
    const p = planQuery(v.facts, RULES);
    out.push(
      `${s(v.atMs)} ${what}\n      -> ${x.state} ${x.outcome} ${x.certainty} end ${x.endedAt ? `${s(x.endedAt.atMs)} [${s(x.endedAt.notBeforeMs)}..${s(x.endedAt.notAfterMs)}] ${x.endedAt.source}` : ''} plan ${p ? `${s(p.dueMs)} ${p.queryClass} ${p.reason}` : 'null'}`,
    );
  });
  out.push(JSON.stringify(brokenRules(life), null, 1));
  process.stdout.write(
    out
      .slice(0, 1)
      .concat(out.slice(-Number(process.env['TAIL'] ?? 40)))
      .join('\n') + '\n',
  );
});
