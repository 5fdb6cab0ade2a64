import { Deployment } from 'kubernetes-models/apps/v1/Deployment';
import { StatefulSet } from 'kubernetes-models/apps/v1/StatefulSet';
import { HorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2/HorizontalPodAutoscaler';
import { Job } from 'kubernetes-models/batch/v1/Job';
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1/PodDisruptionBudget';
import { Service } from 'kubernetes-models/v1/Service';
import {
  IMAGE,
  labelsOf,
  NAME,
  nameOf,
  podOf,
  PORTS,
  SECURE_CONTAINER,
  SECURE_POD,
  SETTINGS_FROM,
  type Role,
} from './parts.js';

/** Two of each role: one may go while a node is drained. */
const REPLICAS = 2;
/** Behind by more than this, another process folds; a burst of seconds is none of its business. */
const FOLD_LAG_SECONDS = 10;

const headless = (role: Role): string => `${nameOf(role)}-pods`;

/**
 * Each receiver has a volume of its own, and finds it again: what was acknowledged while Postgres was away is
 * there and nowhere else. So it is not scaled automatically either: a volume whose pod is gone is drained by none.
 */
export function receiver(): object[] {
  return [
    new StatefulSet({
      metadata: { name: nameOf('receiver'), labels: labelsOf('receiver') },
      spec: {
        serviceName: headless('receiver'),
        replicas: REPLICAS,
        podManagementPolicy: 'Parallel',
        persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Retain' },
        selector: { matchLabels: labelsOf('receiver') },
        template: podOf('receiver', { keepsData: true }),
        volumeClaimTemplates: [
          {
            apiVersion: 'v1',
            kind: 'PersistentVolumeClaim',
            metadata: { name: 'data' },
            // SPOOL_MAX_BYTES is 1 GiB; LMDB needs some room beside it.
            spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '2Gi' } } },
          },
        ],
      },
    }),
    new Service({
      metadata: { name: headless('receiver'), labels: labelsOf('receiver') },
      spec: { clusterIP: 'None', selector: labelsOf('receiver'), ports: [portOf('receiver')] },
    }),
    service('receiver'),
    budget('receiver'),
  ];
}

export function api(): object[] {
  return [deployment('api'), service('api'), budget('api')];
}

/** Scaled by what users feel: how old what they read is. */
export function jobs(): object[] {
  return [
    deployment('jobs'),
    budget('jobs'),
    new HorizontalPodAutoscaler({
      metadata: { name: nameOf('jobs'), labels: labelsOf('jobs') },
      spec: {
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: nameOf('jobs') },
        minReplicas: REPLICAS,
        maxReplicas: 6,
        metrics: [
          {
            type: 'External',
            external: {
              metric: { name: 'recording_ledger_fold_lag_seconds' },
              target: { type: 'Value', value: FOLD_LAG_SECONDS },
            },
          },
        ],
        behavior: { scaleDown: { stabilizationWindowSeconds: 600 } },
      },
    }),
  ];
}

/** Before a new release rolls out. Every start migrates too, so that nothing breaks where it was left out. */
export function migrate(): object[] {
  return [
    new Job({
      metadata: { name: `${NAME}-migrate`, labels: { 'app.kubernetes.io/name': NAME } },
      spec: {
        backoffLimit: 5,
        ttlSecondsAfterFinished: 3_600,
        template: {
          metadata: { labels: { 'app.kubernetes.io/name': NAME, 'app.kubernetes.io/component': 'migrate' } },
          spec: {
            ...SECURE_POD,
            restartPolicy: 'Never',
            containers: [
              {
                name: 'migrate',
                image: IMAGE,
                command: ['node', 'dist/cli/main.js', 'migrate'],
                envFrom: SETTINGS_FROM,
                resources: { requests: { cpu: '100m', memory: '256Mi' }, limits: { memory: '1Gi' } },
                securityContext: SECURE_CONTAINER,
              },
            ],
          },
        },
      },
    }),
  ];
}

function deployment(role: 'api' | 'jobs'): Deployment {
  return new Deployment({
    metadata: { name: nameOf(role), labels: labelsOf(role) },
    spec: {
      // The number of what is scaled automatically belongs to the autoscaler.
      ...(role === 'api' ? { replicas: REPLICAS } : {}),
      selector: { matchLabels: labelsOf(role) },
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
      template: podOf(role, { keepsData: false }),
    },
  });
}

function service(role: 'receiver' | 'api'): Service {
  return new Service({
    metadata: { name: nameOf(role), labels: labelsOf(role) },
    spec: { selector: labelsOf(role), ports: [portOf(role)] },
  });
}

function portOf(role: 'receiver' | 'api') {
  return { name: 'http', port: PORTS[role], targetPort: role };
}

function budget(role: Role): PodDisruptionBudget {
  return new PodDisruptionBudget({
    metadata: { name: nameOf(role), labels: labelsOf(role) },
    spec: { minAvailable: 1, selector: { matchLabels: labelsOf(role) } },
  });
}
