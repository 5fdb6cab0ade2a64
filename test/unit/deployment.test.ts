import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse, parseAllDocuments } from 'yaml';
import { BASE } from '../../deploy/kubernetes/manifests.js';
import { writtenFiles } from '../../deploy/written-files.js';
import { SETTINGS, type SettingName } from '../../src/config/settings.js';
import { healthRoutes } from '../../src/http/api/health-routes.js';
import { createMetrics } from '../../src/observability/metrics.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const FOLDER = `${ROOT}deploy/`;

const read = (path: string): string => readFileSync(`${FOLDER}${path}`, 'utf8');

/** Every object of the base, as it is written. */
const objects: any[] = Object.keys(BASE).flatMap((file) =>
  parseAllDocuments(read(`kubernetes/base/${file}`)).map((document) => document.toJS()),
);
const ofKind = (...kinds: string[]): any[] => objects.filter(({ kind }) => kinds.includes(kind));
const workloads = ofKind('Deployment', 'StatefulSet', 'Job');
const containers = workloads.flatMap(({ spec }) => spec.template.spec.containers);
const byRole = new Map(
  ofKind('Deployment', 'StatefulSet').map((one) => [one.metadata.labels['app.kubernetes.io/component'], one]),
);

/** Names of what a file or list of `NAME=value` sets. */
function namesIn(lines: readonly string[]): string[] {
  return lines.filter((line) => /^[A-Z]/.test(line)).map((line) => line.split('=')[0] ?? '');
}

const isSelected = (selector: any, pod: any): boolean =>
  Object.entries(selector.matchLabels).every(([label, value]) => pod.metadata.labels[label] === value);

describe('the folder deploy', () => {
  it('has every file that is made of code as the code writes it', async () => {
    const files = await writtenFiles();
    for (const [path, text] of files) expect([path, read(path)]).toEqual([path, text]);
    expect(files.size).toBeGreaterThan(6);
  });
});

describe('the manifests', () => {
  it('are all named by a kustomization, which names nothing else', () => {
    for (const folder of ['base', 'overlays/example']) {
      const path = `kubernetes/${folder}`;
      const { resources, configMapGenerator = [], secretGenerator = [] } = parse(read(`${path}/kustomization.yaml`));
      const envs = [...configMapGenerator, ...secretGenerator].flatMap((generator: any) => generator.envs ?? []);
      const local = [...resources, ...envs].filter((name: string) => !name.startsWith('..'));
      expect(['kustomization.yaml', ...local].sort()).toEqual(readdirSync(`${FOLDER}${path}`).sort());
      const others = resources.filter((name: string) => name.startsWith('..'));
      for (const other of others) expect(existsSync(`${FOLDER}${path}/${other}`)).toBe(true);
    }
  });

  it('run every role, and each is told which', () => {
    expect([...byRole.keys()].sort()).toEqual(SETTINGS.ROLES.default.split(',').sort());
    for (const [role, { spec }] of byRole) {
      expect(spec.template.spec.containers[0].env).toEqual([{ name: 'ROLES', value: role }]);
    }
  });

  it('set nothing but settings, and what Postgres’s driver reads', () => {
    const { configMapGenerator } = parse(read('kubernetes/base/kustomization.yaml'));
    const files = ['settings.env', 'secrets.env'].map((file) => read(`kubernetes/overlays/example/${file}`));
    const named = [
      ...containers.flatMap(({ env = [] }) => env.map(({ name }: any) => name)),
      ...namesIn(configMapGenerator[0].literals),
      ...files.flatMap((text) => namesIn(text.split('\n'))),
    ];
    expect(named).toContain('DATABASE_URL');
    expect(named.filter((name) => !(name in SETTINGS) && name !== 'PGPASSWORD')).toEqual([]);
  });

  it('reach the service at its ports', () => {
    const portOf = (name: SettingName): number => Number(SETTINGS[name].default);
    const expected: Record<string, number> = {
      receiver: portOf('RECEIVER_PORT'),
      api: portOf('API_PORT'),
      ops: portOf('OPS_PORT'),
    };
    for (const { ports = [] } of containers) {
      for (const { name, containerPort } of ports) expect([name, containerPort]).toEqual([name, expected[name]]);
    }
    for (const { spec } of ofKind('Service')) {
      for (const { port, targetPort } of spec.ports) expect(port).toBe(expected[targetPort]);
    }
    const open = ofKind('NetworkPolicy').flatMap(({ spec }) =>
      (spec.ingress ?? []).flatMap(({ ports }: any) => ports.map(({ port }: any) => port)),
    );
    expect(new Set(open)).toEqual(new Set(Object.values(expected)));
  });

  it('ask for health and metrics where they are served', () => {
    const served = healthRoutes.map(({ path }) => path);
    for (const { spec } of byRole.values()) {
      const { startupProbe, livenessProbe, readinessProbe } = spec.template.spec.containers[0];
      for (const { httpGet } of [startupProbe, livenessProbe, readinessProbe]) {
        expect(httpGet.port).toBe('ops');
        expect(served).toContain(httpGet.path);
      }
      expect(served).toContain(spec.template.metadata.annotations['prometheus.io/path']);
    }
  });

  it('let nothing run as root, write outside its volumes, or gain a right', () => {
    for (const { spec } of workloads) {
      const pod = spec.template.spec;
      expect(pod.automountServiceAccountToken).toBe(false);
      expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
    }
    expect(containers.length).toBe(4);
    for (const { securityContext } of containers) {
      expect(securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
    }
  });

  it('keep the receiver’s spool on a volume of its own, which outlives its pod', () => {
    const { kind, spec } = byRole.get('receiver');
    expect(kind).toBe('StatefulSet');
    expect(spec.persistentVolumeClaimRetentionPolicy).toEqual({ whenDeleted: 'Retain', whenScaled: 'Retain' });
    const { volumeMounts } = spec.template.spec.containers[0];
    const dataDir = /DATA_DIR=(\S+)/.exec(readFileSync(`${ROOT}Dockerfile`, 'utf8'))?.[1];
    expect(volumeMounts).toContainEqual({ name: spec.volumeClaimTemplates[0].metadata.name, mountPath: dataDir });
  });

  it('have, for each pod, one disruption budget and one network policy', () => {
    for (const [role, { spec }] of byRole) {
      for (const kind of ['PodDisruptionBudget', 'NetworkPolicy']) {
        const chosen = ofKind(kind).filter((one) =>
          isSelected(one.spec.selector ?? one.spec.podSelector, spec.template),
        );
        expect([role, kind, chosen.length]).toEqual([role, kind, 1]);
      }
    }
  });

  it('scale by a metric that is exported', async () => {
    const exported = await createMetrics().registry.metrics();
    const [{ spec }, ...others] = ofKind('HorizontalPodAutoscaler');
    expect(others).toEqual([]);
    expect(exported).toContain(`# TYPE ${spec.metrics[0].external.metric.name} gauge`);
    expect(byRole.get('jobs').metadata.name).toBe(spec.scaleTargetRef.name);
  });

  it('migrate by a command that exists', () => {
    const [{ spec }] = ofKind('Job');
    const [program, file, command] = spec.template.spec.containers[0].command;
    expect([program, file.replace('dist/', 'src/').replace('.js', '.ts')]).toEqual(['node', 'src/cli/main.ts']);
    expect(existsSync(`${ROOT}src/cli/${command}-command.ts`)).toBe(true);
  });
});

describe('the units of systemd', () => {
  const units = readdirSync(`${FOLDER}systemd`).filter((file) => file.endsWith('.service'));

  it('run every role, as a user without rights, and read-only but for its data', () => {
    expect(units.map((file) => /-(\w+)\.service$/.exec(file)?.[1]).sort()).toEqual([...byRole.keys()].sort());
    for (const file of units) {
      const unit = read(`systemd/${file}`);
      const role = /-(\w+)\.service$/.exec(file)?.[1] ?? '';
      expect(unit).toContain(`Environment=ROLES=${role}\n`);
      for (const line of ['User=recording-ledger', 'ProtectSystem=strict', 'NoNewPrivileges=yes', 'PrivateTmp=yes']) {
        expect([file, unit]).toEqual([file, expect.stringContaining(`\n${line}\n`)]);
      }
    }
  });

  it('set nothing but settings', () => {
    const named = units.flatMap((file) =>
      [...read(`systemd/${file}`).matchAll(/^Environment=(\w+)=/gm)].map(([, name = '']) => name),
    );
    expect(named.filter((name) => !(name in SETTINGS))).toEqual([]);
    expect(new Set(named)).toContain('OPS_PORT');
  });
});
