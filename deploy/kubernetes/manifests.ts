import { stringify } from 'yaml';
import { Ingress } from 'kubernetes-models/networking.k8s.io/v1/Ingress';
import { network } from './network.js';
import { IMAGE, labelsOf, NAME, nameOf, PORTS } from './parts.js';
import { api, jobs, migrate, receiver } from './workloads.js';

const HOW = '# Written by `npm run deployment` from the code in deploy/kubernetes: change that, not this.\n';

/** The objects of each file of the base. */
export const BASE: Readonly<Record<string, () => object[]>> = {
  'migrate.yaml': migrate,
  'receiver.yaml': receiver,
  'api.yaml': api,
  'jobs.yaml': jobs,
  'network.yaml': network,
};

/** What every process is told. An overlay adds to it, and brings the Secret of the same name. */
const SETTINGS = ['API_HOST=0.0.0.0', 'OPS_HOST=0.0.0.0', 'LOG_LEVEL=info'];

const KUSTOMIZE = { apiVersion: 'kustomize.config.k8s.io/v1beta1', kind: 'Kustomization' };

/** One environment as an example: copy the folder, and change what is yours. */
const EXAMPLE: Readonly<Record<string, () => object[]>> = {
  'ingress.yaml': () => [publicAddress('notices.example.org')],
  'kustomization.yaml': () => [
    {
      ...KUSTOMIZE,
      namespace: NAME,
      resources: ['../../base', 'ingress.yaml'],
      images: [{ name: IMAGE, newName: `registry.example.org/${IMAGE}`, newTag: '0.1.0' }],
      configMapGenerator: [{ name: NAME, behavior: 'merge', envs: ['settings.env'] }],
      secretGenerator: [{ name: NAME, envs: ['secrets.env'] }],
    },
  ],
};

/** The written files, by their path in this folder. */
export function manifests(): ReadonlyMap<string, string> {
  const kustomization = [
    { ...KUSTOMIZE, resources: Object.keys(BASE), configMapGenerator: [{ name: NAME, literals: SETTINGS }] },
  ];
  return new Map([
    ...Object.entries(BASE).map(([file, objects]) => [`base/${file}`, asYaml(objects())] as const),
    ['base/kustomization.yaml', asYaml(kustomization)],
    ...Object.entries(EXAMPLE).map(([file, objects]) => [`overlays/example/${file}`, asYaml(objects())] as const),
  ]);
}

/** Only the path of notifications is public. */
function publicAddress(host: string): Ingress {
  const backend = { service: { name: nameOf('receiver'), port: { number: PORTS.receiver } } };
  return new Ingress({
    metadata: { name: nameOf('receiver'), labels: labelsOf('receiver') },
    spec: {
      tls: [{ hosts: [host], secretName: `${NAME}-tls` }],
      rules: [{ host, http: { paths: [{ path: '/ncs', pathType: 'Prefix', backend }] } }],
    },
  });
}

/** Without anchors: `kubectl diff` and people read each object by itself. */
function asYaml(objects: readonly object[]): string {
  const documents = objects.map((object) =>
    stringify(JSON.parse(JSON.stringify(object)), { aliasDuplicateObjects: false }),
  );
  return HOW + documents.join('---\n');
}
