import type { IContainer } from 'kubernetes-models/v1/Container';
import type { IPodSpec } from 'kubernetes-models/v1/PodSpec';
import type { IPodTemplateSpec } from 'kubernetes-models/v1/PodTemplateSpec';
import type { IVolume } from 'kubernetes-models/v1/Volume';

export type Role = 'receiver' | 'api' | 'jobs';

export const NAME = 'recording-ledger';
/** The overlay says which tag. */
export const IMAGE = 'recording-ledger';
export const PORTS = { receiver: 8080, api: 8081, ops: 8082 } as const;

/** Where the image keeps what must survive: the receiver's spool. */
const DATA = '/data';
/** The user `node` of the image. */
const NODE_USER = 1000;

export const nameOf = (role: Role): string => `${NAME}-${role}`;

export const labelsOf = (role: Role): Record<string, string> => ({
  'app.kubernetes.io/name': NAME,
  'app.kubernetes.io/component': role,
});

/** Requests to begin with, for a few hundred notifications a second; the dashboard shows what is used. */
const RESOURCES: Record<Role, { cpu: string; memory: string; atMost: string }> = {
  receiver: { cpu: '250m', memory: '256Mi', atMost: '1Gi' },
  api: { cpu: '250m', memory: '256Mi', atMost: '1Gi' },
  jobs: { cpu: '500m', memory: '384Mi', atMost: '1Gi' },
};

/** A process may wait long for Postgres at its start, and answers all that time. */
const PROBES = {
  startupProbe: { httpGet: { path: '/healthz', port: 'ops' }, periodSeconds: 2, failureThreshold: 30 },
  livenessProbe: { httpGet: { path: '/healthz', port: 'ops' }, periodSeconds: 10, timeoutSeconds: 5 },
  readinessProbe: { httpGet: { path: '/readyz', port: 'ops' }, periodSeconds: 5, timeoutSeconds: 3 },
} satisfies Partial<IContainer>;

export const SECURE_CONTAINER: NonNullable<IContainer['securityContext']> = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ['ALL'] },
};

export const SECURE_POD = {
  automountServiceAccountToken: false,
  enableServiceLinks: false,
  securityContext: {
    runAsNonRoot: true,
    runAsUser: NODE_USER,
    runAsGroup: NODE_USER,
    fsGroup: NODE_USER,
    fsGroupChangePolicy: 'OnRootMismatch',
    seccompProfile: { type: 'RuntimeDefault' },
  },
} satisfies Partial<IPodSpec>;

/** Everything a process is told: what may be read by all from the ConfigMap, the rest from the Secret. */
export const SETTINGS_FROM = [{ configMapRef: { name: NAME } }, { secretRef: { name: NAME } }];

/** What nothing has to survive in: the root file system is read-only. */
const scratch = (name: string): IVolume => ({ name, emptyDir: { sizeLimit: '64Mi' } });

/** A pod of one role. `keepsData`: its volume `data` is claimed by whoever runs it. */
export function podOf(role: Role, { keepsData }: { keepsData: boolean }): IPodTemplateSpec {
  return {
    metadata: {
      labels: labelsOf(role),
      annotations: {
        'prometheus.io/scrape': 'true',
        'prometheus.io/port': String(PORTS.ops),
        'prometheus.io/path': '/metrics',
      },
    },
    spec: {
      ...SECURE_POD,
      // It ends by itself within 10 s, after the 5 in which load balancers learn that it goes.
      terminationGracePeriodSeconds: 30,
      topologySpreadConstraints: ['kubernetes.io/hostname', 'topology.kubernetes.io/zone'].map((topologyKey) => ({
        topologyKey,
        maxSkew: 1,
        whenUnsatisfiable: 'ScheduleAnyway',
        labelSelector: { matchLabels: labelsOf(role) },
      })),
      containers: [containerOf(role)],
      volumes: keepsData ? [scratch('tmp')] : [scratch('tmp'), scratch('data')],
    },
  };
}

function containerOf(role: Role): IContainer {
  const { cpu, memory, atMost } = RESOURCES[role];
  const own = role === 'jobs' ? [] : [{ name: role, containerPort: PORTS[role] }];
  return {
    name: role,
    image: IMAGE,
    env: [{ name: 'ROLES', value: role }],
    envFrom: SETTINGS_FROM,
    ports: [...own, { name: 'ops', containerPort: PORTS.ops }],
    resources: { requests: { cpu, memory }, limits: { memory: atMost } },
    ...PROBES,
    lifecycle: { preStop: { exec: { command: ['sleep', '5'] } } },
    securityContext: SECURE_CONTAINER,
    volumeMounts: [
      { name: 'data', mountPath: DATA },
      { name: 'tmp', mountPath: '/tmp' },
    ],
  };
}
