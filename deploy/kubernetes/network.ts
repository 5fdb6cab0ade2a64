import type { INetworkPolicyEgressRule } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicyEgressRule';
import type { INetworkPolicyIngressRule } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicyIngressRule';
import type { INetworkPolicyPort } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicyPort';
import { NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicy';
import { labelsOf, NAME, nameOf, PORTS, type Role } from './parts.js';

const tcp = (port: number): INetworkPolicyPort => ({ protocol: 'TCP', port });

const DNS: INetworkPolicyEgressRule = {
  to: [{ namespaceSelector: {}, podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } } }],
  ports: [{ protocol: 'UDP', port: 53 }, tcp(53)],
};
/** Postgres and Redis: where they are, an overlay may say more narrowly. */
const STORES: INetworkPolicyEgressRule = { ports: [tcp(5432), tcp(6379)] };
/** Agora, and whoever is told by webhooks. */
const HTTPS: INetworkPolicyEgressRule = { ports: [tcp(443)] };
/** Traces, for a collector beside Prometheus. */
const TRACES: INetworkPolicyEgressRule = {
  to: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'monitoring' } } }],
  ports: [tcp(4318)],
};
const SCRAPES: INetworkPolicyIngressRule = {
  from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'monitoring' } } }],
  ports: [tcp(PORTS.ops)],
};

/** Who may read the API says so with a label. */
const READERS = { 'recording-ledger/reads': 'true' };

const INGRESS: Record<Role, INetworkPolicyIngressRule[]> = {
  receiver: [{ ports: [tcp(PORTS.receiver)] }, SCRAPES],
  api: [{ from: [{ namespaceSelector: {}, podSelector: { matchLabels: READERS } }], ports: [tcp(PORTS.api)] }, SCRAPES],
  jobs: [SCRAPES],
};

/** The receiver is reached from outside, and so reaches nothing there itself. */
const EGRESS: Record<Role, INetworkPolicyEgressRule[]> = {
  receiver: [DNS, STORES, TRACES],
  api: [DNS, STORES, HTTPS, TRACES],
  jobs: [DNS, STORES, HTTPS, TRACES],
};

export function network(): object[] {
  return (['receiver', 'api', 'jobs'] as const).map((role) => policy(role)).concat(migration());
}

function policy(role: Role): NetworkPolicy {
  return new NetworkPolicy({
    metadata: { name: nameOf(role), labels: labelsOf(role) },
    spec: {
      podSelector: { matchLabels: labelsOf(role) },
      policyTypes: ['Ingress', 'Egress'],
      ingress: INGRESS[role],
      egress: EGRESS[role],
    },
  });
}

function migration(): NetworkPolicy {
  const matchLabels = { 'app.kubernetes.io/name': NAME, 'app.kubernetes.io/component': 'migrate' };
  return new NetworkPolicy({
    metadata: { name: `${NAME}-migrate`, labels: { 'app.kubernetes.io/name': NAME } },
    spec: { podSelector: { matchLabels }, policyTypes: ['Ingress', 'Egress'], egress: [DNS, STORES] },
  });
}
